;; Never ends: fills 15 MiB again and again, then copies them.
(module
  (memory (export "memory") 240)
  (func (export "_start")
    (loop $again
      (memory.fill (i32.const 0) (i32.const 7) (i32.const 15728640))
      (memory.copy (i32.const 8) (i32.const 0) (i32.const 15728632))
      (br $again))))
