;; Sleeps for an hour.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; A subscription: userdata, clock, monotonic, 3,600,000,000,000 ns, precision, relative.
  (data (i32.const 16) "\01\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\01\00\00\00\00\00\00\00"
                       "\00\a0\b8\30\46\03\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
  (func (export "_start")
    (drop (call $poll (i32.const 16) (i32.const 128) (i32.const 1) (i32.const 256)))))
