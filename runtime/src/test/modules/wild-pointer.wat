;; fd_read into an address far outside the memory: answers 200 if it returned an errno, else 500.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"status\":200,\"body\":\"refused\"}")
  (data (i32.const 64) "{\"status\":500,\"body\":\"accepted\"}")
  (func $write (param $fd i32) (param $text i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (i32.store (i32.const 1024) (i32.const 0xfffffff0)) ;; the iovec: its end wraps around to 4080
    (i32.store (i32.const 1028) (i32.const 4096))
    (if (call $fd_read (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 8))
      (then (call $write (i32.const 1) (i32.const 16) (i32.const 31)))
      (else (call $write (i32.const 1) (i32.const 64) (i32.const 32))))))
