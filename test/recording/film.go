package main

import (
	"bytes"
	"image"
	"image/draw"
	"image/gif"
	"os"
	"time"
)

// film is pictures, of each only what differs from the one before it.
type film struct {
	last   *image.RGBA
	frames []frame
}

type frame struct {
	picture *image.RGBA
	shown   time.Duration
}

// add adds a picture, which is shown for so long. All have the same size.
func (f *film) add(picture *image.RGBA, d time.Duration) {
	changed := picture.Bounds()
	if f.last != nil {
		changed = difference(f.last, picture)
	}
	f.last = picture
	if changed.Empty() {
		f.frames[len(f.frames)-1].shown += d
		return
	}
	part := image.NewRGBA(changed)
	draw.Draw(part, changed, picture, changed.Min, draw.Src)
	f.frames = append(f.frames, frame{part, d})
}

// difference is the smallest rectangle outside which two pictures are the same.
func difference(a, b *image.RGBA) image.Rectangle {
	var out image.Rectangle
	for y := range height {
		from, to := a.PixOffset(0, y), a.PixOffset(width, y)
		if bytes.Equal(a.Pix[from:to], b.Pix[from:to]) {
			continue
		}
		left, right := 0, width
		for a.RGBAAt(left, y) == b.RGBAAt(left, y) {
			left++
		}
		for a.RGBAAt(right-1, y) == b.RGBAAt(right-1, y) {
			right--
		}
		out = out.Union(image.Rect(left, y, right, y+1))
	}
	return out
}

// write writes a GIF, which begins again at its end, with one palette for all of it.
func (f *film) write(file string) error {
	var pictures []*image.RGBA
	for _, frame := range f.frames {
		pictures = append(pictures, frame.picture)
	}
	colours := newPalette(pictures, 256)
	out := &gif.GIF{Config: image.Config{ColorModel: colours, Width: width, Height: height}}
	paint := newPen(colours)
	for _, frame := range f.frames {
		out.Image = append(out.Image, paint(frame.picture))
		out.Delay = append(out.Delay, int(frame.shown/(10*time.Millisecond)))
		out.Disposal = append(out.Disposal, gif.DisposalNone)
	}
	var whole bytes.Buffer
	if err := gif.EncodeAll(&whole, out); err != nil {
		return err
	}
	return os.WriteFile(file, whole.Bytes(), 0o644)
}
