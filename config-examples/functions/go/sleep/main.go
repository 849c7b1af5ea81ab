// A command that sleeps for a millisecond, which is a poll_oneoff of WASI, and says how long that took.
package main

import (
	"time"

	"gojinn.example/envelope"
)

func main() {
	_, err := envelope.Read()
	envelope.Must(err)
	start := time.Now()
	time.Sleep(time.Millisecond)
	elapsed := float64(time.Since(start).Nanoseconds()) / 1e6
	envelope.Must(envelope.Write(200, map[string]any{"language": "Go", "elapsed_ms": elapsed}))
}
