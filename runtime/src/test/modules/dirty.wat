;; Writes to ten pages of 4 KiB, evenly spread over its memory, and prints nothing.
(module
  (memory (export "memory") 16)
  (func (export "_start")
    (local $stride i32)
    (local $left i32)
    (local.set $stride (i32.div_u (i32.mul (memory.size) (i32.const 65536)) (i32.const 10)))
    (local.set $left (i32.const 10))
    (loop $pages
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (i64.store (i32.mul (local.get $left) (local.get $stride)) (i64.const -1))
      (br_if $pages (local.get $left)))))
