//! Panels, each a coordinate system with its content, and figures as grids of panels.
//!
//! A panel describes what is drawn, not how. Only `draw` uses plotters, and only `raster` uses
//! resvg.

mod axis;
mod color_bar;
mod draw;
mod groups;
mod layer;
mod legend;
mod mark;
mod page;
mod raster;
mod scale;
mod svg;

pub use axis::{Axis, AxisScale};
pub use color_bar::ColorBar;
pub use mark::{Mark, Subject, Visible};
pub use page::{MAX_BYTES, OtherScale, PagePanel, page_panels};
pub use raster::png;
pub use svg::{DrawError, figure_svg};

use super::style::Color;

/// A coordinate system and the layers in it, the first one lowest.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Set above the panel.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn.
    pub layers: Vec<PanelLayer>,
    /// The colors of a map.
    pub color_bar: Option<ColorBar>,
    /// Whether a unit of the one axis is as long as one of the other.
    pub equal_units: bool,
    /// The same on another scale, where more changes than one axis; the page can show either.
    pub other: Option<Box<Panel>>,
    /// Whether the page leaves it out: it has it as the other scale of another panel.
    pub only_in_files: bool,
}

/// Something drawn in one color.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelLayer {
    /// Its shape, in data coordinates.
    pub shape: Shape,
    /// How it is drawn.
    pub ink: Ink,
    /// Its entry in the legend, if it has one.
    pub label: Option<String>,
    /// The sets it shows.
    pub sets: Vec<String>,
    /// What its curves or points are about, in their order; may be empty.
    pub marks: Vec<Mark>,
    /// Where it is to be seen.
    pub visible: Visible,
}

/// What can be drawn. A point without a place on an axis (0 on a logarithmic one, NaN) is left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Curves, each through its points in their order.
    Lines(Vec<Vec<[f64; 2]>>),
    /// Markers.
    Points(Vec<[f64; 2]>, Marker),
    /// Filled polygons.
    Areas(Vec<Vec<[f64; 2]>>),
    /// A line from bottom to top at this x.
    Upright(f64),
}

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disk.
    Disk,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle.
    Triangle,
    /// A cross.
    Cross,
}

/// Color and stroke.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// The color.
    pub color: Color,
    /// 0, nothing, to 1.
    pub opacity: f64,
    /// Width of lines and half the width of markers, in units of 10 µm on paper.
    pub width: u32,
    /// Whether lines are broken into dashes.
    pub dashed: bool,
}

impl Panel {
    /// A panel with nothing in it.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            layers: Vec::new(),
            color_bar: None,
            equal_units: false,
            other: None,
            only_in_files: false,
        }
    }

    /// The same with one more layer on top.
    #[must_use]
    pub fn with(mut self, shape: Shape, ink: Ink, label: Option<String>) -> Self {
        self.layers.push(PanelLayer {
            shape,
            ink,
            label,
            sets: Vec::new(),
            marks: Vec::new(),
            visible: Visible::Everywhere,
        });
        self
    }

    /// Whether there is anything to see.
    pub fn is_empty(&self) -> bool {
        self.layers.iter().all(|layer| layer.shape.points().next().is_none())
    }

    /// The values along an axis (0: x) that its range is made for.
    fn values(&self, axis: usize) -> impl Iterator<Item = f64> {
        let layers = self.layers.iter().filter(|layer| layer.visible == Visible::Everywhere);
        layers.flat_map(move |layer| layer.shape.points().map(move |point| point[axis]))
    }
}

impl Shape {
    /// All points, for the ranges of the axes. A vertical line has no y.
    fn points(&self) -> Box<dyn Iterator<Item = [f64; 2]> + '_> {
        match self {
            Self::Lines(curves) | Self::Areas(curves) => Box::new(curves.iter().flatten().copied()),
            Self::Points(points, _) => Box::new(points.iter().copied()),
            Self::Upright(x) => Box::new(std::iter::once([*x, f64::NAN])),
        }
    }
}

impl Ink {
    /// A solid line of half a point.
    pub fn line(color: Color) -> Self {
        Self { color, opacity: 1.0, width: 30, dashed: false }
    }

    /// Markers that can overlap.
    pub fn marker(color: Color) -> Self {
        Self { color, opacity: 0.75, width: 60, dashed: false }
    }

    /// A transparent fill.
    pub fn fill(color: Color) -> Self {
        Self { color, opacity: 0.3, width: 0, dashed: false }
    }

    /// The same in dashes.
    #[must_use]
    pub fn dashed(self) -> Self {
        Self { dashed: true, ..self }
    }

    /// The same with another width.
    #[must_use]
    pub fn width(self, width: u32) -> Self {
        Self { width, ..self }
    }

    /// The same with another opacity.
    #[must_use]
    pub fn opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}
