;; Breaks the contract: ends well and prints nothing.
(module
  (memory (export "memory") 1)
  (func (export "_start")))
