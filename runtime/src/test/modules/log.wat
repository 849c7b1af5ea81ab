;; Logs one line a level (debug, info, warn, error) through gojinn.host_log, then answers.
(module
  (import "gojinn" "host_log" (func $log (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello from the guest")
  (data (i32.const 64) "{\"status\":200,\"body\":\"ok\"}")
  (func $write (param $fd i32) (param $text i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (local $level i32)
    (loop $again
      (call $log (local.get $level) (i32.const 16) (i32.const 20))
      (local.set $level (i32.add (local.get $level) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $level) (i32.const 4))))
    (call $write (i32.const 1) (i32.const 64) (i32.const 26))))
