//! Surfaces as `.vti` files: the image data of VTK in XML, for ParaView and VisIt.

use super::found::{Surface, all};
use crate::engine::stored::StoredRun;
use std::fmt::Write;

/// A surface as a file. Its point data are the losses and accuracies on every landscape, and the
/// decadic logarithms of losses that are all positive.
///
/// # Errors
/// If there is no such surface, with the names of those that exist, or if it has not been computed.
pub fn export(run: &StoredRun, name: &str, landscape: Option<&str>) -> Result<String, String> {
    let results = run.results();
    let surfaces = all(&results);
    let names: Vec<&str> = surfaces.iter().map(|surface| surface.config.name.as_str()).collect();
    let asked = super::configs(&run.config).iter().any(|surface| surface.name == name);
    let Some(surface) = surfaces.iter().find(|surface| surface.config.name == name) else {
        return Err(if asked {
            format!("the surface {name:?} has not been computed yet; resume the run")
        } else if names.is_empty() {
            format!(
                "there is no surface {name:?}: no surface has been computed; add a section \
                 [[surface]] to the configuration and run it"
            )
        } else {
            format!("there is no surface {name:?}; there are {}", names.join(", "))
        });
    };
    let arrays = arrays(surface, landscape);
    if arrays.is_empty() {
        let known: Vec<&str> = surface.fields.iter().map(|field| field.landscape.name()).collect();
        let wanted = landscape.unwrap_or_default();
        let known = known.join(", ");
        return Err(format!("the surface {name} is not on {wanted:?}, only on {known}"));
    }
    let known = surface.fields.iter().map(super::found::Field::known).max().unwrap_or(0);
    if known == 0 {
        return Err(format!("no point of the surface {name} has been computed yet"));
    }
    Ok(text(surface, &arrays))
}

/// The names of the point data with their values.
fn arrays(surface: &Surface, landscape: Option<&str>) -> Vec<(String, Vec<f64>)> {
    let mut arrays = Vec::new();
    let wanted = surface
        .fields
        .iter()
        .filter(|field| landscape.is_none_or(|name| field.landscape.name() == name));
    for field in wanted {
        let on = field.landscape;
        arrays.push((format!("loss on {on}"), field.loss.clone()));
        if field.loss.iter().all(|&loss| loss > 0.0 || loss.is_nan()) {
            let logarithms = field.loss.iter().map(|loss| loss.log10()).collect();
            arrays.push((format!("log10 of loss on {on}"), logarithms));
        }
        if !field.accuracy.is_empty() {
            arrays.push((format!("accuracy on {on}"), field.accuracy.clone()));
        }
    }
    arrays
}

fn text(surface: &Surface, arrays: &[(String, Vec<f64>)]) -> String {
    let last = surface.grid.points - 1;
    let side = |axis: usize| match surface.grid.extent.get(axis) {
        Some([low, high]) => (last, *low, (high - low) / last as f64),
        None => (0, 0.0, 1.0),
    };
    let [x, y] = [side(0), side(1)];
    let extent = format!("0 {} 0 {} 0 0", x.0, y.0);
    let (origin, spacing) = (format!("{:?} {:?} 0", x.1, y.1), format!("{:?} {:?} 1", x.2, y.2));
    let mut text = format!(
        "<?xml version=\"1.0\"?>\n\
         <VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\">\n\
         <ImageData WholeExtent=\"{extent}\" Origin=\"{origin}\" Spacing=\"{spacing}\">\n\
         <Piece Extent=\"{extent}\">\n<PointData Scalars=\"{}\">\n",
        escaped(&arrays[0].0)
    );
    for (name, values) in arrays {
        let name = escaped(name);
        let _ = writeln!(text, "<DataArray type=\"Float64\" Name=\"{name}\" format=\"ascii\">");
        for row in values.chunks(surface.grid.points) {
            let numbers: Vec<String> = row.iter().map(|&value| ascii(value)).collect();
            let _ = writeln!(text, "{}", numbers.join(" "));
        }
        text.push_str("</DataArray>\n");
    }
    text.push_str("</PointData>\n</Piece>\n</ImageData>\n</VTKFile>\n");
    text
}

/// A number in full precision. Infinity becomes the largest finite number, because readers disagree
/// on its notation.
fn ascii(value: f64) -> String {
    if value.is_nan() { "nan".to_owned() } else { format!("{:?}", value.clamp(f64::MIN, f64::MAX)) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
