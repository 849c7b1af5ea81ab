;; Its start section adds a marker to a memory cell: answers 200 only if that happened exactly once.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (start $mark)
  (data (i32.const 16) "{\"status\":200,\"body\":\"once\"}")
  (data (i32.const 64) "{\"status\":500,\"body\":\"not once\"}")
  (func $write (param $fd i32) (param $text i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $mark
    (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 0x600d))))
  (func (export "_start")
    (if (i32.eq (i32.load (i32.const 1024)) (i32.const 0x600d))
      (then (call $write (i32.const 1) (i32.const 16) (i32.const 28)))
      (else (call $write (i32.const 1) (i32.const 64) (i32.const 32))))))
