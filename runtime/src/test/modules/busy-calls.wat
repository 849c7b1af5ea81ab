;; Never ends: recursion of depth 100, entered again and again.
(module
  (memory (export "memory") 1)
  (func $down (param $depth i32)
    (if (local.get $depth) (then (call $down (i32.sub (local.get $depth) (i32.const 1))))))
  (func (export "_start")
    (loop $again (call $down (i32.const 100)) (br $again))))
