// Command chart draws the whole backups and restores of `make bench` as an SVG:
//
//	chart -o docs/performance.svg <figures
//
// It reads lines "figure <name> <value> <unit>" and ignores others.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"image/color"
	"io"
	"os"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

func main() {
	if err := run(os.Args[1:], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader) error {
	flags := flag.NewFlagSet("chart", flag.ContinueOnError)
	out := flags.String("o", "", "file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	figures, err := read(stdin)
	if err != nil {
		return err
	}
	panels, err := panelsOf(figures)
	if err != nil {
		return err
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	if err := write(file, panels); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// read returns the figures by name.
func read(r io.Reader) (map[string]float64, error) {
	figures := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 4 || fields[0] != "figure" {
			continue
		}
		// Versions and the like are no numbers and in no chart.
		if value, err := strconv.ParseFloat(fields[2], 64); err == nil {
			figures[fields[1]] = value
		}
	}
	return figures, lines.Err()
}

// way is a bar of every panel that has its figure.
type way struct {
	name, label string
	ours        bool
}

// ways are drawn from the last to the first, from the bottom up.
var ways = [...]way{
	{"stock-none", "stock, no plugin", false},
	{"item-builtin", "stock, item by item", false},
	{"item-exec", "stock, item by item, executables", false},
	{"none", "multi-item Velero, no plugin", true},
	{"multi-builtin", "multi-item, one call", true},
	{"multi-exec", "multi-item, one call, executables", true},
}

// panel is one chart.
type panel struct {
	title string
	ways  []way
	bars  plotter.Values
}

// charted are the panels, by the prefix of their figures.
var charted = [...]struct{ prefix, title string }{
	{"backup.1800", "Backup of 1,800 objects through three functions"},
	{"backup.10000", "Backup of 10,000 objects through three functions"},
	{"restore.5000", "Restore of 5,000 objects through three functions"},
}

func panelsOf(figures map[string]float64) ([]panel, error) {
	var panels []panel
	for _, c := range charted {
		p := panel{title: c.title}
		for i := len(ways) - 1; i >= 0; i-- {
			if value, ok := figures[c.prefix+"."+ways[i].name]; ok {
				p.ways, p.bars = append(p.ways, ways[i]), append(p.bars, value)
			}
		}
		if len(p.bars) > 0 {
			panels = append(panels, p)
		}
	}
	if len(panels) == 0 {
		return nil, fmt.Errorf("no figure of a backup or restore in the input")
	}
	return panels, nil
}

// Sizes of the picture.
const (
	width     = 9 * vg.Inch
	perBar    = 0.32 * vg.Inch
	perPanel  = 1.1 * vg.Inch
	thickness = 0.18 * vg.Inch
	// padding is room for viewers that have another font than the one measured.
	padding = 0.15 * vg.Inch
)

// text is small enough for the longest label.
var text = font.Font{Typeface: "Liberation", Variant: "Sans", Size: 10}

var (
	others = color.RGBA{R: 0x9a, G: 0xa5, B: 0xb1, A: 0xff}
	ours   = color.RGBA{R: 0x1f, G: 0x6f, B: 0xeb, A: 0xff}
)

func write(w io.Writer, panels []panel) error {
	var height vg.Length
	for _, p := range panels {
		height += perPanel + vg.Length(len(p.bars))*perBar
	}
	canvas := vgsvg.New(width, height)
	area := draw.New(canvas)
	for _, p := range panels {
		h := perPanel + vg.Length(len(p.bars))*perBar
		drawn, err := p.plot()
		if err != nil {
			return err
		}
		drawn.Draw(draw.Crop(area, padding, -2*padding, area.Max.Y-h-area.Min.Y, -padding/2))
		area = draw.Crop(area, 0, 0, 0, -h)
	}
	_, err := canvas.WriteTo(w)
	return err
}

func (p panel) plot() (*plot.Plot, error) {
	drawn := plot.New()
	drawn.Title.Text = p.title
	drawn.Title.Padding = padding
	drawn.X.Label.Text = "seconds"
	drawn.X.Min = 0
	drawn.Y.Padding = padding
	for _, style := range []*font.Font{&drawn.Title.TextStyle.Font, &drawn.X.Label.TextStyle.Font, &drawn.X.Tick.Label.Font, &drawn.Y.Tick.Label.Font} {
		*style = text
	}
	names := make([]string, len(p.ways))
	for i, w := range p.ways {
		// Spaces that do not collapse are more room for another font.
		names[i] = w.label + "\u00a0\u00a0\u00a0\u00a0"
		bar, err := plotter.NewBarChart(plotter.Values{p.bars[i]}, thickness)
		if err != nil {
			return nil, err
		}
		bar.Horizontal, bar.XMin, bar.LineStyle.Width = true, float64(i), 0
		bar.Color = others
		if w.ours {
			bar.Color = ours
		}
		drawn.Add(bar)
	}
	values, err := p.values()
	if err != nil {
		return nil, err
	}
	drawn.Add(values)
	drawn.NominalY(names...)
	return drawn, nil
}

// values writes each bar's value at its end.
func (p panel) values() (*plotter.Labels, error) {
	var at plotter.XYLabels
	longest := 0.0
	for i, v := range p.bars {
		longest = max(longest, v)
		at.XYs = append(at.XYs, plotter.XY{X: v, Y: float64(i)})
		at.Labels = append(at.Labels, fmt.Sprintf(" %.1f s", v))
	}
	// A label is not part of the axis: room for it.
	at.XYs = append(at.XYs, plotter.XY{X: longest * 1.1})
	at.Labels = append(at.Labels, "")
	labels, err := plotter.NewLabels(at)
	if err != nil {
		return nil, err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font, labels.TextStyle[i].YAlign = text, draw.YCenter
	}
	return labels, nil
}
