;; Reports all its mutable state, then changes it: the body must be "1 2 3 4 5 6" for every request.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (type $reports (func (result i64)))
  (table $functions 1 1 funcref)
  (elem (i32.const 0) func $six)
  (elem declare func $changed)
  (global $i32 (mut i32) (i32.const 1))
  (global $i64 (mut i64) (i64.const 2))
  (global $f32 (mut f32) (f32.const 3))
  (global $f64 (mut f64) (f64.const 4))
  (data (i32.const 16) "\05")
  (data (i32.const 32) "{\"status\":200,\"body\":\"")
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
  (func $six (type $reports) (i64.const 6))
  (func $changed (type $reports) (i64.const 106))
  (func $space (param $at i32) (result i32)
    (i32.store8 (local.get $at) (i32.const 32))
    (i32.add (local.get $at) (i32.const 1)))
  (func (export "gojinn_handle")
    (local $at i32)
    (local.set $at (call $decimal (i64.extend_i32_u (global.get $i32)) (i32.const 54)))
    (local.set $at (call $decimal (global.get $i64) (call $space (local.get $at))))
    (local.set $at (call $decimal (i64.trunc_f32_s (global.get $f32)) (call $space (local.get $at))))
    (local.set $at (call $decimal (i64.trunc_f64_s (global.get $f64)) (call $space (local.get $at))))
    (local.set $at (call $decimal (i64.load8_u (i32.const 16)) (call $space (local.get $at))))
    (local.set $at
      (call $decimal
        (call_indirect (type $reports) (i32.const 0))
        (call $space (local.get $at))))
    (i32.store16 (local.get $at) (i32.const 0x7d22)) ;; "}
    (call $write (i32.const 1) (i32.const 32) (i32.sub (i32.add (local.get $at) (i32.const 2)) (i32.const 32)))
    (global.set $i32 (i32.const 101))
    (global.set $i64 (i64.const 102))
    (global.set $f32 (f32.const 103))
    (global.set $f64 (f64.const 104))
    (i32.store8 (i32.const 16) (i32.const 105))
    (table.set $functions (i32.const 0) (ref.func $changed))))
