;; Refused when prepared: exports both a command's and a reactor's entry. Each would answer with its own name.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"status\":200,\"body\":\"_start\"}")
  (data (i32.const 64) "{\"status\":200,\"body\":\"gojinn_handle\"}")
  (func $write (param $fd i32) (param $text i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (call $write (i32.const 1) (i32.const 16) (i32.const 30)))
  (func (export "gojinn_handle")
    (call $write (i32.const 1) (i32.const 64) (i32.const 37))))
