package power_test

import (
	"bytes"
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// sayName is the file that a process writes its lines to. Each write is one, and
// returns once it is recorded.
const sayName = "say"

// A folder is the root of a file system in memory that records what is done.
type folder struct {
	fs.Inode
	rec *recording
}

// A file keeps its bytes up to the last that was written; beyond are zeros.
type file struct {
	fs.Inode
	rec    *recording
	number int
	data   []byte
	size   int64
}

// mount makes a folder whose use is recorded.
func mount(t *testing.T, rec *recording) string {
	t.Helper()
	dir := t.TempDir()
	// What the kernel knows stays right: nobody else changes anything.
	long := time.Hour
	server, err := fs.Mount(dir, &folder{rec: rec}, &fs.Options{
		EntryTimeout: &long, AttrTimeout: &long,
		MountOptions: fuse.MountOptions{
			Name: "power", FsName: "power", MaxWrite: 1 << 20, DisableXAttrs: true,
			DirectMount: os.Geteuid() == 0, ExplicitDataCacheControl: true,
		},
	})
	if err != nil {
		t.Fatalf("mount a FUSE file system (needs /dev/fuse and, but for root, fusermount3): %v", err)
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func (d *folder) Create(ctx context.Context, name string, _, _ uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	out.Nlink = 1 // else the kernel links it nowhere
	if name == sayName {
		return d.NewInode(ctx, &talk{rec: d.rec}, fs.StableAttr{Mode: fuse.S_IFREG}), nil, fuse.FOPEN_DIRECT_IO, 0
	}
	f := &file{rec: d.rec, number: d.rec.newFile()}
	if !d.rec.do(op{kind: link, file: f.number, name: name}, nil) {
		return nil, nil, 0, syscall.EIO
	}
	return d.NewInode(ctx, f, fs.StableAttr{Mode: fuse.S_IFREG}), nil, fuse.FOPEN_KEEP_CACHE, 0
}

func (d *folder) Link(_ context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	f := target.(*file)
	if d.GetChild(name) != nil {
		return nil, syscall.EEXIST
	}
	if !d.rec.do(op{kind: link, file: f.number, name: name}, nil) {
		return nil, syscall.EIO
	}
	f.rec.mu.Lock()
	defer f.rec.mu.Unlock()
	out.Nlink, out.Size = 2, uint64(f.size)
	return target.EmbeddedInode(), 0
}

func (d *folder) Rename(_ context.Context, name string, _ fs.InodeEmbedder, to string, flags uint32) syscall.Errno {
	if flags != 0 {
		return syscall.EINVAL
	}
	return errnoOf(d.rec.do(op{kind: rename, name: name, to: to}, nil))
}

func (d *folder) Unlink(_ context.Context, name string) syscall.Errno {
	return errnoOf(d.rec.do(op{kind: unlink, name: name}, nil))
}

func (d *folder) OpendirHandle(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return d, 0, 0
}

func (d *folder) Fsyncdir(context.Context, uint32) syscall.Errno {
	return errnoOf(d.rec.do(op{kind: syncDir}, nil))
}

func (f *file) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

func (f *file) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	f.rec.mu.Lock()
	defer f.rec.mu.Unlock()
	dest = dest[:max(0, min(int64(len(dest)), f.size-off))]
	clear(dest)
	if off < int64(len(f.data)) {
		copy(dest, f.data[off:])
	}
	return fuse.ReadResultData(dest), 0
}

func (f *file) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	o := op{kind: write, file: f.number, off: off, data: bytes.Clone(data)}
	done := f.rec.do(o, func() {
		f.data = putAt(f.data, data, off)
		f.size = max(f.size, int64(len(f.data)))
	})
	return uint32(len(data)), errnoOf(done)
}

func (f *file) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return errnoOf(f.rec.do(op{kind: sync_, file: f.number}, nil))
}

func (f *file) Setattr(ctx context.Context, fh fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		done := f.rec.do(op{kind: truncate, file: f.number, off: int64(size)}, func() {
			f.data, f.size = f.data[:min(int64(len(f.data)), int64(size))], int64(size)
		})
		if !done {
			return syscall.EIO
		}
	}
	return f.Getattr(ctx, fh, out)
}

func (f *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.rec.mu.Lock()
	defer f.rec.mu.Unlock()
	out.Mode, out.Nlink, out.Size = 0o600, 1, uint64(f.size)
	return 0
}

// putAt writes data at off, with zeros before it where there was nothing.
func putAt(to, data []byte, off int64) []byte {
	if grow := off + int64(len(data)) - int64(len(to)); grow > 0 {
		to = append(to, make([]byte, grow)...)
	}
	copy(to[off:], data)
	return to
}

// errnoOf is what a process is told that is to be killed.
func errnoOf(done bool) syscall.Errno {
	if !done {
		return syscall.EIO
	}
	return 0
}

// talk is the file that lines are written to.
type talk struct {
	fs.Inode
	rec *recording
}

func (f *talk) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (f *talk) Write(_ context.Context, _ fs.FileHandle, data []byte, _ int64) (uint32, syscall.Errno) {
	return uint32(len(data)), errnoOf(f.rec.do(op{kind: say, data: bytes.Clone(data)}, nil))
}

func (f *talk) Setattr(context.Context, fs.FileHandle, *fuse.SetAttrIn, *fuse.AttrOut) syscall.Errno {
	return 0
}
