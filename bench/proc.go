package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// cpu returns the processor time that the server has used so far, its own and
// the system's for it: utime and stime of proc_pid_stat(5), in ticks of 10 ms.
func (c *child) cpu() (time.Duration, error) {
	text, err := os.ReadFile(c.proc("stat"))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(text), ") ") // behind the name of the program
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, fmt.Errorf("times of the server: %q", text)
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// memory returns how many bytes of the server's memory are resident: VmRSS of
// proc_pid_status(5), without pages of files (RssFile), which the system may
// drop at any time.
func (c *child) memory() (int64, error) {
	text, err := os.ReadFile(c.proc("status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "RssAnon: %d kB", &kib); n == 1 {
			return kib << 10, nil
		}
	}
	return 0, errors.New("the system does not tell RssAnon")
}

func (c *child) proc(file string) string {
	return fmt.Sprintf("/proc/%d/%s", c.cmd.Process.Pid, file)
}
