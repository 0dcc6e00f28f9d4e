// chan_bench in Go: the same measurements as chan_bench.c, for comparison.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

const (
	elements = 1000000
	spawns   = 20000
	burst    = 1000
)

func measureStream(capacity int) float64 {
	ch := make(chan int64, capacity)
	sum := make(chan int64, 1)
	begin := time.Now()
	go func() {
		var s int64
		for v := range ch {
			s += v
		}
		sum <- s
	}()
	for i := int64(0); i < elements; i++ {
		ch <- i
	}
	close(ch)
	if <-sum != elements*(elements-1)/2 {
		panic("lost an element")
	}
	return float64(time.Since(begin).Nanoseconds()) / elements
}

func measureSpawn(atOnce int) float64 {
	var wg sync.WaitGroup
	begin := time.Now()
	for i := 0; i < spawns; i += atOnce {
		wg.Add(atOnce)
		for k := 0; k < atOnce; k++ {
			go wg.Done()
		}
		wg.Wait()
	}
	return float64(time.Since(begin).Nanoseconds()) / spawns
}

func main() {
	var ns float64
	switch os.Args[1] {
	case "unbuffered":
		ns = measureStream(0)
	case "buffered":
		ns = measureStream(128)
	case "spawn":
		ns = measureSpawn(1)
	case "burst":
		ns = measureSpawn(burst)
	}
	fmt.Printf("%.1f\n", ns)
}
