;; Never ends: an empty endless loop, without a call or a memory access.
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $forever (br $forever))))
