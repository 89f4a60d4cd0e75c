package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
)

// attach makes a file of a kind that offices send: png, csv or pdf.
func attach(kind string, r *rand.Rand) *attachment {
	switch kind {
	case "png":
		return &attachment{name: "草图.png", kind: "image/png", data: picture(r)}
	case "csv":
		return &attachment{name: "订单明细.csv", kind: "text/csv; charset=utf-8", data: table(r)}
	case "pdf":
		return &attachment{name: fmt.Sprintf("invoice-%04d.pdf", r.IntN(10000)), kind: "application/pdf", data: document(r)}
	}
	return nil
}

func picture(r *rand.Rand) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			img.Set(x, y, color.RGBA{R: uint8(4 * x), G: uint8(5 * y), B: uint8(r.IntN(64)), A: 255})
		}
	}
	var b bytes.Buffer
	png.Encode(&b, img) // of an image in memory to memory: cannot fail
	return b.Bytes()
}

// table is a CSV file as Excel saves it, with a byte order mark.
func table(r *rand.Rand) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff序号,品名,数量,单价\r\n")
	for i := range 20 + r.IntN(60) {
		fmt.Fprintf(&b, "%d,接插件 M%d,%d,%d.%02d\r\n", i+1, 4+2*r.IntN(6), 100*(1+r.IntN(40)), r.IntN(20), r.IntN(100))
	}
	return b.Bytes()
}

// document has a PDF's head and tail and, between, octets as a compressed
// page has them.
func document(r *rand.Rand) []byte {
	var b bytes.Buffer
	page := make([]byte, 12<<10+r.IntN(72<<10))
	for i := range page {
		page[i] = byte(r.Uint32())
	}
	fmt.Fprintf(&b, "%%PDF-1.4\n1 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n", len(page))
	b.Write(page)
	b.WriteString("\nendstream\nendobj\ntrailer\n<< /Size 2 >>\n%%EOF\n")
	return b.Bytes()
}
