package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var (
	paper = color.RGBA{250, 249, 246, 255}
	ink   = color.RGBA{20, 30, 40, 255}
)

// drawn is a picture of paper with ink in a rectangle.
func drawn(r image.Rectangle) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	draw.Draw(picture, r, image.NewUniform(ink), image.Point{}, draw.Src)
	return picture
}

// A picture that is the same as the one before lengthens it, and of another one only
// the part is kept that differs; played, they are what was added.
func TestFilm_keepsWhatChanged(t *testing.T) {
	small, large := image.Rect(30, 40, 50, 60), image.Rect(30, 40, 90, 61)
	var f film
	f.add(drawn(small), 300*time.Millisecond)
	f.add(drawn(small), 200*time.Millisecond)
	f.add(drawn(large), 150*time.Millisecond)
	file := filepath.Join(t.TempDir(), "film.gif")
	if err := f.write(file); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	played, err := gif.DecodeAll(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if len(played.Image) != 2 || played.Delay[0] != 50 || played.Delay[1] != 15 {
		t.Fatalf("it has %d pictures, shown for %v", len(played.Image), played.Delay)
	}
	if got, want := played.Image[1].Bounds(), image.Rect(30, 40, 90, 61); got != want {
		t.Errorf("of the second picture %v is kept, not %v", got, want)
	}
	shown := image.NewRGBA(played.Image[0].Bounds())
	for i, want := range []*image.RGBA{drawn(small), drawn(large)} {
		draw.Draw(shown, played.Image[i].Bounds(), played.Image[i], played.Image[i].Bounds().Min, draw.Src)
		if !bytes.Equal(shown.Pix, want.Pix) {
			t.Errorf("picture %d is not what was added", i)
		}
	}
}

// colourful is a picture with two even areas, some pixels of nearly the colour of
// one of them, and some of very many colours.
func colourful() *image.RGBA {
	picture := drawn(image.Rect(0, 0, 300, 300))
	for x := range 256 {
		for y := range 8 {
			picture.SetRGBA(x, y, color.RGBA{uint8(x), uint8(255 - x), uint8(32 * y), 255})
		}
		picture.SetRGBA(x, 8, color.RGBA{uint8(250 - x%8), uint8(249 - x/8%8), uint8(246 - x/64), 255})
	}
	return picture
}

func TestPalette_isNearToAllColours(t *testing.T) {
	picture := colourful()
	colours := newPalette([]*image.RGBA{picture}, 256)
	if len(colours) != 256 {
		t.Fatalf("it has %d colours", len(colours))
	}
	out := newPen(colours)(picture)
	for x := range 256 {
		for y := range 9 {
			was, is := picture.RGBAAt(x, y), out.At(x, y).(color.RGBA)
			if max(off(was.R, is.R), off(was.G, is.G), off(was.B, is.B)) > 24 {
				t.Fatalf("%v has become %v", was, is)
			}
		}
	}
}

// Even where there are far more colours than places, those of large areas stay.
func TestPalette_keepsTheColoursOfAreas(t *testing.T) {
	picture := colourful()
	for _, n := range []int{4, 16, 64, 256} {
		colours := newPalette([]*image.RGBA{picture}, n)
		for _, want := range []color.RGBA{paper, ink} {
			if got := colours.Convert(want); got != want {
				t.Errorf("of %d colours %v is the nearest to %v", n, got, want)
			}
		}
	}
}

func off(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
