;; Refused when prepared: exports neither _start nor gojinn_handle.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"status\":200,\"body\":\"ok\"}")
  (func (export "run")
    (i32.store (i32.const 0) (i32.const 16)) ;; the one iovec: pointer and length
    (i32.store (i32.const 4) (i32.const 26))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
