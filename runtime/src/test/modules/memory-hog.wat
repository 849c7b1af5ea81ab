;; Grows its memory by 1 MiB and fills it, until growing fails; then traps.
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (local $grown i32)
    (loop $again
      (if (i32.ne (local.tee $grown (memory.grow (i32.const 16))) (i32.const -1))
        (then
          (memory.fill
            (i32.mul (local.get $grown) (i32.const 65536))
            (i32.const 0xa5)
            (i32.const 0x100000))
          (br $again))))
    (unreachable)))
