package main

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"
)

// colour is a colour of a film, and in how many pixels it is there.
type colour struct {
	parts [3]uint8
	count int
}

// newPalette chooses at most n colours for pictures by median cut: the box of colours
// that is widest, and holds most, is halved until there are n of them.
func newPalette(pictures []*image.RGBA, n int) color.Palette {
	counts := map[[3]uint8]int{}
	for _, p := range pictures {
		for at := 0; at < len(p.Pix); at += 4 {
			counts[[3]uint8(p.Pix[at:at+3])]++
		}
	}
	var all []colour
	for parts, count := range counts {
		all = append(all, colour{parts, count})
	}
	slices.SortFunc(all, func(a, b colour) int { return slices.Compare(a.parts[:], b.parts[:]) }) // so that it comes out the same
	boxes := [][]colour{all}
	for len(boxes) < n {
		at, by, best := -1, 0, 0.0
		for i, box := range boxes {
			if part, value := widest(box); value > best {
				at, by, best = i, part, value
			}
		}
		if at < 0 {
			break // every box is of one colour
		}
		low, high := halve(boxes[at], by)
		boxes[at] = low
		boxes = append(boxes, high)
	}
	var out color.Palette
	for _, box := range boxes { // the most frequent one, so that even areas keep theirs
		c := slices.MaxFunc(box, func(a, b colour) int { return cmp.Compare(a.count, b.count) })
		out = append(out, color.RGBA{c.parts[0], c.parts[1], c.parts[2], 255})
	}
	return out
}

// widest is the part, red, green or blue, in which a box is widest, and how much there
// is to be won by halving it; 0 for a box of one colour.
func widest(box []colour) (part int, value float64) {
	low, high, count := box[0].parts, box[0].parts, 0
	for _, c := range box {
		count += c.count
		for i, v := range c.parts {
			low[i], high[i] = min(low[i], v), max(high[i], v)
		}
	}
	for i := range low {
		if v := float64(high[i]-low[i]) * math.Log2(float64(1+count)); v > value {
			part, value = i, v
		}
	}
	return part, value
}

// halve halves a box of two or more colours where half of its pixels are to either side.
func halve(box []colour, part int) (low, high []colour) {
	slices.SortStableFunc(box, func(a, b colour) int { return cmp.Compare(a.parts[part], b.parts[part]) })
	total, below := 0, 0
	for _, c := range box {
		total += c.count
	}
	at := 0
	for at < len(box)-1 && below+box[at].count <= total/2 {
		below += box[at].count
		at++
	}
	at = max(at, 1)
	return box[:at:at], box[at:]
}

// newPen returns a function that draws pictures in the nearest colours of a palette,
// without dithering, which would not compress.
func newPen(colours color.Palette) func(*image.RGBA) *image.Paletted {
	nearest := map[color.RGBA]uint8{}
	return func(p *image.RGBA) *image.Paletted {
		out := image.NewPaletted(p.Bounds(), colours)
		for at := range out.Pix { // both have their pixels without gaps
			c := color.RGBA{p.Pix[4*at], p.Pix[4*at+1], p.Pix[4*at+2], 255}
			index, found := nearest[c]
			if !found {
				index = uint8(colours.Index(c))
				nearest[c] = index
			}
			out.Pix[at] = index
		}
		return out
	}
}
