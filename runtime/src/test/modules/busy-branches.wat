;; Never ends: a state machine over pseudo-random bytes, as a matcher of patterns runs it.
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (local $random i32) (local $state i32)
    (local.set $random (i32.const 1))
    (loop $again
      (local.set $random (i32.add (i32.mul (local.get $random) (i32.const 1103515245)) (i32.const 12345)))
      (block $d (block $c (block $b (block $a
        (br_table $a $b $c $d (i32.and (i32.add (local.get $state) (i32.shr_u (local.get $random) (i32.const 16))) (i32.const 3))))
        (local.set $state (i32.const 1)) (br $again))
        (local.set $state (i32.add (local.get $state) (i32.const 2))) (br $again))
        (if (i32.and (local.get $random) (i32.const 65536)) (then (br $again)))
        (i32.store8 (i32.and (local.get $random) (i32.const 65535)) (local.get $state)))
      (br $again))))
