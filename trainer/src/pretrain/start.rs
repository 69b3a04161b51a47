//! The parameters that pretraining begins with.

use amlstm_core::sizes::AttentionKind;

use super::random::Random;
use crate::network::Shape;

/// Draws the first parameters.
///
/// Inputs, W and V: Glorot and Bengio's uniform range. U within sqrt(6 / (1 + A)), recurrent weights within 1 / sqrt(H), output within 0.3 / sqrt(H), the skip
/// zero. The biases of the forget gates are spread so that the cells remember from 2 to `months` months (Tallec and Ollivier 2018, arXiv:1804.11188). The output
/// begins at `mean_output`.
pub fn start(shape: &Shape, months: usize, mean_output: f32, random: &mut Random) -> Vec<f32> {
    let layout = shape.layout();
    let mut parameters = vec![0.0; shape.parameters()];
    let (inputs, hidden) = (shape.inputs as f64, shape.hidden as f64);
    let glorot = |a: f64, b: f64| (6.0 / (a + b)).sqrt();
    let mut draw = |place: &mut [f32], bound: f64| {
        for place in place {
            *place = random.uniform(-bound, bound) as f32;
        }
    };
    if shape.kind != AttentionKind::None {
        let units = shape.attention_units as f64;
        draw(
            &mut parameters[layout.attention_w],
            glorot(units, 2.0 * hidden),
        );
        draw(&mut parameters[layout.attention_u], glorot(1.0, units));
        draw(&mut parameters[layout.attention_v], glorot(units, 1.0));
    }
    let (of_h, of_e) = parameters[layout.gates].split_at_mut(4 * shape.hidden * shape.hidden);
    draw(of_h, 1.0 / hidden.sqrt());
    draw(of_e, glorot(inputs, hidden));
    draw(&mut parameters[layout.output], 0.3 / hidden.sqrt());
    parameters[layout.output_bias][0] = mean_output;
    let (forget, others) = parameters[layout.gate_bias].split_at_mut(shape.hidden);
    for (forget, input) in forget.iter_mut().zip(others) {
        let memory = libm::exp(random.uniform(libm::log(2.0), libm::log(months as f64)));
        // At tau = 2 the logarithm is zero; it is never negative.
        *forget = libm::log((memory - 1.0).max(1.0)) as f32;
        *input = -0.5 * *forget;
    }
    parameters
}
