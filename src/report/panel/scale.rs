//! The same panel on another scale.

use super::{Axis, AxisScale, Panel};

/// On a logarithmic axis, values that differ by less than this factor look as on a linear one.
const MIN_RATIO: f64 = 2.0;

impl Panel {
    /// The same panel with its vertical axis on the other scale, or its horizontal one where the
    /// vertical axis allows one scale only. `None` if neither allows another.
    pub(super) fn on_other_scale(&self) -> Option<Self> {
        if let Some(other) = &self.other {
            return Some((**other).clone());
        }
        if self.equal_units {
            return None;
        }
        if let Some(y) = other_scale(&self.y, || self.values(1)) {
            return Some(Self { y, ..self.clone() });
        }
        let x = other_scale(&self.x, || self.values(0))?;
        Some(Self { x, ..self.clone() })
    }
}

/// The axis on the other scale, if all of its values have a place there.
fn other_scale<V: Iterator<Item = f64>>(axis: &Axis, values: impl Fn() -> V) -> Option<Axis> {
    let finite = values().chain(axis.include.iter().copied()).filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let scale = match axis.scale {
        AxisScale::Log if low < high => AxisScale::Linear,
        AxisScale::Linear if low > 0.0 && high > MIN_RATIO * low && !axis.whole => AxisScale::Log,
        _ => return None,
    };
    Some(Axis { scale, ..axis.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::panel::{Ink, Shape};
    use crate::report::style::BLACK;

    fn panel(x: Axis, y: Axis, points: Vec<[f64; 2]>) -> Panel {
        Panel::new("t", x, y).with(Shape::Lines(vec![points]), Ink::line(BLACK), None)
    }

    #[test]
    fn an_axis_is_logarithmic_only_where_every_value_has_a_place() {
        let points = vec![[0.0, 1.0], [1.0, 10.0]];
        let other = panel(Axis::linear("t"), Axis::linear("loss"), points.clone());
        let other = other.on_other_scale().expect("all losses are positive");
        assert_eq!([other.x.scale, other.y.scale], [AxisScale::Linear, AxisScale::Log]);
        let back = other.on_other_scale().expect("a linear axis allows everything");
        assert_eq!(back.y.scale, AxisScale::Linear);
        let negative = vec![[1.0, -1.0], [8.0, 10.0]];
        let other = panel(Axis::linear("x"), Axis::linear("y"), negative).on_other_scale();
        assert_eq!(other.expect("x is positive").x.scale, AxisScale::Log);
        assert!(
            panel(Axis::linear("t"), Axis::linear("y").including(&[0.0]), points)
                .on_other_scale()
                .is_none()
        );
    }
}
