;; Grows forty times by one page and each time by none, and traps when anything is lost that it wrote to the pages before.
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (local $at i32)
    (i32.store (i32.const 0) (i32.const 1))
    (loop $growths
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
      (drop (memory.grow (i32.const 0)))
      (local.set $at (i32.const 0))
      (loop $pages
        (if (i32.ne (i32.load (local.get $at)) (i32.add (local.get $at) (i32.const 1))) (then unreachable))
        (local.set $at (i32.add (local.get $at) (i32.const 65536)))
        (br_if $pages (i32.lt_u (local.get $at) (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536)))))
      (i32.store (local.get $at) (i32.add (local.get $at) (i32.const 1)))
      (br_if $growths (i32.lt_u (memory.size) (i32.const 41))))))
