//! The swap test: the same levels, but another aquifer layer made to dominate in turn. A method that explains the ground names that layer each time; one that
//! follows the shape of the levels names the same layer whatever dominates, and ends at chance. Each seed draws the points and their noise anew, so that a
//! method without chance of its own is asked as often.

use rayon::prelude::*;

use crate::attribution::{Method, top};
use crate::baseline::{PhysicsFit, PreparedWell};
use crate::config::{Attention, Config, NetworkKind};
use crate::split::Split;

use super::{Job, Outcome, Setting, StudyError, Subject, Table, training};

/// What names the dominating aquifer layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Attention weights of the network; `None` for the physics basis, which has no network.
    pub attention: Option<Attention>,
    /// How the network is read.
    pub method: Method,
}

impl Explanation {
    /// All explanations, in the order of the table.
    pub const ALL: [Self; 5] = [
        Self {
            attention: Some(Attention::Shared),
            method: Method::Attention,
        },
        Self {
            attention: Some(Attention::Shared),
            method: Method::Permutation,
        },
        Self {
            attention: Some(Attention::PerLayer),
            method: Method::Attention,
        },
        Self {
            attention: Some(Attention::PerLayer),
            method: Method::Permutation,
        },
        Self {
            attention: None,
            method: Method::Physics,
        },
    ];

    /// Name in tables.
    pub fn title(self) -> String {
        match self.attention {
            Some(Attention::Shared) => {
                format!("shared attention (the paper's): {}", self.method.title())
            }
            Some(Attention::PerLayer) => format!("attention per layer: {}", self.method.title()),
            None => self.method.title().to_owned(),
        }
    }
}

/// One answer to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Who answers.
    pub explanation: Explanation,
    /// Aquifer layer that truly dominates.
    pub truth: usize,
    /// Aquifer layer put first.
    pub named: usize,
}

/// All answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapTest {
    /// Names of the aquifer layers.
    pub aquifer_layers: Vec<String>,
    /// In a fixed order.
    pub answers: Vec<Answer>,
}

impl SwapTest {
    /// Hits and questions of an explanation: for one dominating aquifer layer, or for all.
    pub fn hits(&self, explanation: Explanation, truth: Option<usize>) -> (usize, usize) {
        let asked = self.answers.iter().filter(|answer| {
            answer.explanation == explanation && truth.is_none_or(|truth| truth == answer.truth)
        });
        asked.fold((0, 0), |(hits, asked), answer| {
            (hits + usize::from(answer.named == answer.truth), asked + 1)
        })
    }

    /// Hit rates beside the chance level.
    pub fn table(&self) -> Table {
        let rate = |(hits, asked): (usize, usize)| {
            if asked > 0 {
                format!("{:.2}", hits as f64 / asked as f64)
            } else {
                "-".into()
            }
        };
        let layers = self.aquifer_layers.len();
        let mut rows: Vec<Vec<String>> = Explanation::ALL
            .iter()
            .map(|explanation| {
                let (hits, asked) = self.hits(*explanation, None);
                let by_truth = (0..layers).map(|truth| rate(self.hits(*explanation, Some(truth))));
                let all = [rate((hits, asked)), format!("{hits} of {asked}")];
                std::iter::once(explanation.title())
                    .chain(by_truth)
                    .chain(all)
                    .collect()
            })
            .collect();
        let chance = format!("{:.2}", 1.0 / layers as f64);
        rows.push(
            std::iter::once("chance".into())
                .chain(std::iter::repeat_n(chance, layers + 1))
                .chain(["-".into()])
                .collect(),
        );
        let header = std::iter::once("names the dominating layer".to_owned())
            .chain(
                self.aquifer_layers
                    .iter()
                    .map(|layer| format!("{layer} dominates")),
            )
            .chain(["all".into(), "hits".into()]);
        let caption = "SYNTHETIC wells. Hit rate of each explanation when each aquifer layer in turn truly dominates, with the same levels; each seed draws the points and their noise anew.".into();
        Table {
            title: "Swap test".into(),
            caption,
            header: header.collect(),
            rows,
        }
    }
}

/// The wells as one seed sees them: each aquifer layer dominates in turn. The true shares must be known.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Seed of points, split, weights and batches.
    pub seed: u64,
    /// Each well as often as it has aquifer layers.
    pub subjects: Vec<Subject>,
}

/// How many pieces of work [`run`] reports as done.
pub fn work(draws: &[Draw]) -> usize {
    draws.iter().map(|draw| draw.subjects.len() * 2).sum()
}

/// Trains the AM-LSTM with shared and with per-layer attention at every subject, fits physics, and asks each explanation.
///
/// # Errors
///
/// The first well that cannot be split, trained or exported. A training that diverges gives no answer.
pub fn run(
    draws: &[Draw],
    config: &Config,
    done: &(dyn Fn() + Sync),
) -> Result<SwapTest, StudyError> {
    let questions: Vec<Question> = draws.iter().flat_map(Question::of).collect();
    let mut work: Vec<(Attention, &Question)> = Vec::new();
    for attention in [Attention::Shared, Attention::PerLayer] {
        work.extend(questions.iter().map(|question| (attention, question)));
    }
    let of_networks = work.par_iter().map(|(attention, question)| {
        let answers = question.ask_a_network(*attention, config)?;
        done();
        Ok(answers)
    });
    let answers: Vec<Vec<Answer>> = of_networks.collect::<Result<_, StudyError>>()?;
    let by_physics = questions
        .par_iter()
        .map(|question| question.ask_physics(config));
    let by_physics: Vec<Answer> = by_physics.collect::<Result<_, StudyError>>()?;
    let first = draws.first().and_then(|draw| draw.subjects.first());
    Ok(SwapTest {
        aquifer_layers: first
            .map_or_else(Vec::new, |subject| subject.series.aquifer_layers.clone()),
        answers: answers.into_iter().flatten().chain(by_physics).collect(),
    })
}

/// Which aquifer layer dominates at a subject?
struct Question<'a> {
    seed: u64,
    subjects: &'a [Subject],
    well: usize,
    truth: usize,
}

impl<'a> Question<'a> {
    /// Those of a draw.
    fn of(draw: &'a Draw) -> impl Iterator<Item = Self> {
        let subjects = draw.subjects.iter().enumerate();
        subjects.filter_map(|(well, subject)| {
            Some(Self {
                seed: draw.seed,
                subjects: &draw.subjects,
                well,
                truth: top(subject.true_shares.as_ref()?),
            })
        })
    }

    fn ask_a_network(
        &self,
        attention: Attention,
        config: &Config,
    ) -> Result<Vec<Answer>, StudyError> {
        let mut config = config.clone();
        config.network.attention = attention;
        let job = Job {
            well: self.well,
            setting: Setting::Configured,
            network: NetworkKind::AmLstm,
            seed: self.seed,
        };
        let Outcome::Scored(scored) = training::run(&self.subjects[self.well], &job, &config)?
        else {
            return Ok(Vec::new());
        };
        let answer = |(method, shares): (Method, &Vec<f64>)| Answer {
            explanation: Explanation {
                attention: Some(attention),
                method,
            },
            truth: self.truth,
            named: top(shares),
        };
        let methods = [Method::Attention, Method::Permutation];
        let shares = scored.shares.iter();
        Ok(shares
            .flat_map(|shares| methods.into_iter().zip(shares))
            .map(answer)
            .collect())
    }

    fn ask_physics(&self, config: &Config) -> Result<Answer, StudyError> {
        let series = &self.subjects[self.well].series;
        let split = Split::new(series, &config.split, self.seed)?;
        let prepared =
            PreparedWell::new(series, &split, self.seed).ok_or_else(|| StudyError::NoLevels {
                well: series.well.clone(),
            })?;
        Ok(Answer {
            explanation: Explanation {
                attention: None,
                method: Method::Physics,
            },
            truth: self.truth,
            named: top(&PhysicsFit::new(&prepared).layer_shares(&prepared)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hit_rates_are_counted_by_dominating_layer_and_shown_beside_chance() {
        let beta = Explanation::ALL[0];
        let answer = |truth, named| Answer {
            explanation: beta,
            truth,
            named,
        };
        let test = SwapTest {
            aquifer_layers: vec!["upper".into(), "lower".into()],
            answers: vec![answer(0, 0), answer(0, 1), answer(1, 1), answer(1, 1)],
        };
        assert_eq!(test.hits(beta, Some(0)), (1, 2));
        assert_eq!(test.hits(beta, None), (3, 4));
        let table = test.table();
        assert_eq!(table.rows[0][1..], ["0.50", "1.00", "0.75", "3 of 4"]);
        assert_eq!(table.rows[1][1..], ["-", "-", "-", "0 of 0"]);
        assert_eq!(
            table.rows.last().unwrap()[..],
            ["chance", "0.50", "0.50", "0.50", "-"]
        );
    }
}
