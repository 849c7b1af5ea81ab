;; Grows its memory until growing by a single page fails; the body is the number of pages it then has.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "{\"status\":200,\"body\":\"")
  (func $write (param $fd i32) (param $text i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $decimal (param $value i64) (param $at i32) (result i32) ;; writes the digits, returns their end
    (if (i64.ge_u (local.get $value) (i64.const 10))
      (then
        (local.set $at
          (call $decimal (i64.div_u (local.get $value) (i64.const 10)) (local.get $at)))))
    (i32.store8
      (local.get $at)
      (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 10)))))
    (i32.add (local.get $at) (i32.const 1)))
  (func (export "_start")
    (local $step i32)
    (local $at i32)
    (local.set $step (i32.const 1024))
    (loop $again
      (br_if $again (i32.ne (memory.grow (local.get $step)) (i32.const -1)))
      (br_if $again (local.tee $step (i32.shr_u (local.get $step) (i32.const 1)))))
    (local.set $at (call $decimal (i64.extend_i32_u (memory.size)) (i32.const 38)))
    (i32.store16 (local.get $at) (i32.const 0x7d22)) ;; "}
    (call $write (i32.const 1) (i32.const 16) (i32.sub (i32.add (local.get $at) (i32.const 2)) (i32.const 16)))))
