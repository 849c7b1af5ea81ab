;; Looks for what an earlier request left in memory, globals and descriptors, then leaves secrets in all of them: the body must be "clean" for every request; one in sixteen then traps.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights" (func $set_rights (param i32 i64 i64) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "{\"status\":200,\"body\":\"clean\"}")
  (data (i32.const 64) "{\"status\":200,\"body\":\"dirty\"}")
  ;; 128: an iovec, 136: a count, 144: the secret, 160: an fdstat, 184: a byte of stdin; from 256 on only zeros and secrets.
  (global $i32 (mut i32) (i32.const 1))
  (global $i64 (mut i64) (i64.const 2))
  (global $f32 (mut f32) (f32.const 3))
  (global $f64 (mut f64) (f64.const 4))

  ;; All that is read in steps from an address to the end of memory, combined.
  (func $read (param $at i32) (result i64)
    (local $seen i64)
    (loop $next
      (local.set $seen (i64.or (local.get $seen) (i64.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 120)))
      (br_if $next (i32.le_u (local.get $at) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)))))
    (local.get $seen))

  (func $write (param $at i32) (param $secret i64)
    (loop $next
      (i64.store (local.get $at) (local.get $secret))
      (local.set $at (i32.add (local.get $at) (i32.const 120)))
      (br_if $next (i32.le_u (local.get $at) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8))))))

  ;; Whether a descriptor is closed, has flags, or lacks a right.
  (func $changed (param $fd i32) (param $right i64) (result i32)
    (if (call $fdstat_get (local.get $fd) (i32.const 160)) (then (return (i32.const 1))))
    (i32.or
      (i32.load16_u (i32.const 162))
      (i64.eqz (i64.and (i64.load (i32.const 168)) (local.get $right)))))

  ;; Whether stdin starts anywhere but at its start.
  (func $moved (result i32)
    (i32.store (i32.const 128) (i32.const 184))
    (i32.store (i32.const 132) (i32.const 1))
    (i32.or
      (call $fd_read (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 136))
      (i32.ne (i32.load8_u (i32.const 184)) (i32.const 123))))

  (func $dirty (result i32)
    (i32.ne (memory.size) (i32.const 2))
    (i32.or (i64.ne (call $read (i32.const 128)) (i64.const 0)))
    (i32.or (i64.ne (call $read (i32.const 256)) (i64.const 0)))
    (i32.or (i32.ne (global.get $i32) (i32.const 1)))
    (i32.or (i64.ne (global.get $i64) (i64.const 2)))
    (i32.or (f32.ne (global.get $f32) (f32.const 3)))
    (i32.or (f64.ne (global.get $f64) (f64.const 4)))
    (i32.or (call $changed (i32.const 0) (i64.const 2)))
    (i32.or (call $changed (i32.const 1) (i64.const 64)))
    (i32.or (call $changed (i32.const 2) (i64.const 64)))
    (i32.or (call $moved)))

  (func (export "gojinn_handle")
    (local $dirty i32) (local $secret i64)
    (local.set $dirty (call $dirty))
    (drop (call $random_get (i32.const 144) (i32.const 8)))
    (local.set $secret (i64.or (i64.load (i32.const 144)) (i64.const 1)))
    (global.set $i32 (i32.wrap_i64 (local.get $secret)))
    (global.set $i64 (local.get $secret))
    (global.set $f32 (f32.reinterpret_i32 (i32.wrap_i64 (local.get $secret))))
    (global.set $f64 (f64.reinterpret_i64 (local.get $secret)))
    (call $write (i32.const 256) (local.get $secret))
    ;; One in 64 grows.
    (if (i64.eqz (i64.and (local.get $secret) (i64.const 0x3F00)))
      (then
        (drop (memory.grow (i32.const 1)))
        (local.set $dirty (i32.or (local.get $dirty) (i64.ne (call $read (i32.const 131072)) (i64.const 0))))
        (call $write (i32.const 131072) (local.get $secret))))
    (i32.store (i32.const 128) (i32.shl (i32.ne (local.get $dirty) (i32.const 0)) (i32.const 6)))
    (i32.store (i32.const 132) (i32.const 29))
    (drop (call $fd_write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 136)))
    (drop (call $set_flags (i32.const 1) (i32.const 1)))
    (drop (call $set_rights (i32.const 2) (i64.const 0) (i64.const 0)))
    (drop (call $fd_close (i32.const 0)))
    ;; One in sixteen of the clean ends in a trap, one in sixteen leaves everything closed.
    (if (i64.eqz (i64.and (local.get $secret) (i64.const 0xF0000)))
      (then (drop (call $fd_close (i32.const 1))) (drop (call $fd_close (i32.const 2)))))
    (if (i32.eqz (local.get $dirty))
      (then (if (i64.eqz (i64.and (local.get $secret) (i64.const 0xF00000))) (then (unreachable)))))))
