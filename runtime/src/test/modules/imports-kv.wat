;; Needs a grant: answers with the value host_kv_get finds at "greeting", or 404 when that is missing or denied.
(module
  (import "gojinn" "host_kv_get"
    (func $kv_get (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "greeting")
  (data (i32.const 32) "{\"status\":404,\"body\":\"missing\"}")
  (data (i32.const 128) "{\"status\":200,\"body\":\"")
  (func $write (param $fd i32) (param $text i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (local $length i32)
    (local $at i32)
    (local.set $length ;; the value goes straight into the envelope: it must need no escapes
      (call $kv_get (i32.const 16) (i32.const 8) (i32.const 150) (i32.const 1024)))
    (if (i32.eq (local.get $length) (i32.const -1))
      (then
        (call $write (i32.const 1) (i32.const 32) (i32.const 31))
        (return)))
    (local.set $at (i32.add (i32.const 150) (local.get $length)))
    (i32.store16 (local.get $at) (i32.const 0x7d22)) ;; "}
    (call $write (i32.const 1) (i32.const 128) (i32.sub (i32.add (local.get $at) (i32.const 2)) (i32.const 128)))))
