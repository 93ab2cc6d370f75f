package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// printMachine says on what and how the figures were made. A commit can be no
// faster than the disk says "durable", so that is measured, too.
func printMachine(out io.Writer, dir string) error {
	sync, err := measureSync(dir)
	if err != nil {
		return err
	}
	args := append([]string{filepath.Base(os.Args[0])}, os.Args[1:]...)
	fmt.Fprintf(out, "`%s`  \n%s %s/%s, %d CPUs (%s), %s\n\n", strings.Join(args, " "),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpuModel(), time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintf(out, "Write of 4 KiB and fdatasync on that disk: p50 %s, p99 %s.\n\n", us(sync.at(50)), us(sync.at(99)))
	return nil
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func measureSync(dir string) (*histogram, error) {
	f, err := os.CreateTemp(dir, "bench-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	buf := make([]byte, 4096)
	h := &histogram{}
	for i := range 500 {
		began := time.Now()
		if _, err := f.WriteAt(buf, int64(i%64)*4096); err != nil {
			return nil, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return nil, err
		}
		h.add(time.Since(began))
	}
	return h, nil
}

// cpuTime is what this process has used so far, in all its threads.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
