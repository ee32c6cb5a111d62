//! Galaxies and quasars: counts by magnitude, the zone of avoidance, clustering, redshifts.

use super::alias::Alias;
use super::cells::{LATITUDES, LONGITUDES};
use super::galactic::{to_galactic, to_icrs};
use super::geometry::Position;
use super::mathx::{LN_10, Purpose, Stream, dex, index_of, interpolate, real};
use super::photometry::EXTINCTION;
use super::selection::Selection;
use super::star_table::StarTable;

/// Square degrees in a steradian.
pub(crate) const DEG2_PER_SR: f64 =
    (180.0 / core::f64::consts::PI) * (180.0 / core::f64::consts::PI);

const FIRST_MAG: f64 = 0.0;
const MAG_STEP: f64 = 0.05;
const MAG_BINS: usize = 560;

/// Which of the two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Galaxy,
    Quasar,
}

impl Kind {
    /// Objects per square degree and mag at a magnitude without extinction.
    fn differential(self, mag: f64) -> f64 {
        match self {
            // Anchor: 92 per square degree to r = 17.77 (Strauss et al. 2002); slope 0.6 (Yasuda et
            // al. 2001), then 0.50 and 0.42 (engineering values that meet the LSST Science Book).
            Self::Galaxy => {
                let at_16 = 92.0 * dex(0.50 * (16.0 - 17.77));
                let at_20 = at_16 * dex(0.50 * 4.0);
                if mag < 16.0 {
                    at_16 * 0.60 * LN_10 * dex(0.60 * (mag - 16.0))
                } else if mag < 20.0 {
                    at_16 * 0.50 * LN_10 * dex(0.50 * (mag - 16.0))
                } else {
                    at_20 * 0.42 * LN_10 * dex(0.42 * (mag - 20.0))
                }
            }
            // Double power law with the break at 19 (Richards et al. 2006), scaled to 176 per square
            // degree to g = 22.5 (Palanque-Delabrouille et al. 2013).
            Self::Quasar => 12.49 / (dex(-0.9 * (mag - 19.0)) + dex(-0.3 * (mag - 19.0))),
        }
    }

    /// Further loss behind dust, dex per mag of V. Galaxies are lost by surface brightness and in
    /// the crowd of stars before they are lost by magnitude (engineering value, set so that the zone
    /// of avoidance is as empty as that of bright optical catalogues).
    fn avoidance(self) -> f64 {
        match self {
            Self::Galaxy => 0.55,
            Self::Quasar => 0.10,
        }
    }
}

/// Share of galaxies that belong to clusters, number of clusters, and their edge, degrees.
const CLUSTERED: f64 = 0.3;
const CLUSTERS: usize = 4096;
const CLUSTER_RADIUS_DEG: f64 = 0.5;
/// Richness falls with the rank of a cluster to this power.
const RICHNESS_POWER: f64 = -0.8;
/// Scatter of ln(density) of galaxies from cell to cell, at a scale of 5 degrees.
const FIELD_SCATTER: f64 = 0.15;

/// A drawn object before any noise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distant {
    pub(crate) position: Position,
    /// Magnitude in the selecting band without extinction.
    pub(crate) mag: f64,
    pub(crate) extinction_v: f64,
}

/// Cluster of galaxies: its centre and the extinction before it.
#[derive(Debug)]
struct Cluster {
    center: Position,
    extinction_v: f64,
}

impl Cluster {
    /// Surface density falls with r^-1.4, which makes the angular correlation r^-0.8.
    fn draw_position(&self, stream: &mut Stream) -> Position {
        let r = CLUSTER_RADIUS_DEG * libm::pow(stream.uniform(), 1.0 / 0.6);
        self.center.offset(360.0 * stream.uniform(), r)
    }
}

/// Tables of one kind for one selection.
#[derive(Debug)]
pub(crate) struct DistantTable {
    cumulative: Vec<f64>,
    cells: Alias,
    /// Extinction in V, by cell.
    extinction: Vec<f64>,
    /// Objects kept per steradian, by cell, without clusters.
    expected_per_sr: Vec<f64>,
    expected_total: f64,
    /// Objects per steradian that may pass the selection, by cell, without clusters; and all of them.
    candidates_per_sr: Vec<f64>,
    candidates: f64,
    faint_limit: f64,
    dust_ratio: f64,
    /// Clusters, their shares, and the way to draw one.
    clusters: Vec<Cluster>,
    richness: Vec<f64>,
    richest: Option<Alias>,
}

impl DistantTable {
    pub(crate) fn new(kind: Kind, selection: &Selection, seed: u64, stars: &StarTable) -> Self {
        let band = match kind {
            Kind::Galaxy => selection.extended_band(),
            Kind::Quasar => selection.band(),
        };
        let mut cumulative = vec![0.0];
        for i in 0..MAG_BINS {
            let step = kind.differential(bin_middle(i)) * MAG_STEP;
            cumulative.push(cumulative[i] + step);
        }
        let mut field = Stream::new(seed, Purpose::DensityField, 0);
        let faint_limit = selection.limit() + selection.margin_mag() + 0.1;
        let (mut weights, mut extinction, mut expected_per_sr) = (vec![], vec![], vec![]);
        let mut candidates_per_sr = vec![];
        let mut expected_total = 0.0;
        for band_of_b in 0..LATITUDES {
            let area = stars.cells.area_sr(band_of_b);
            for longitude in 0..LONGITUDES {
                let dust = stars.extinction_beyond(band_of_b, longitude);
                let contrast = match kind {
                    Kind::Galaxy => libm::exp(
                        FIELD_SCATTER * field.normal() - 0.5 * FIELD_SCATTER * FIELD_SCATTER,
                    ),
                    Kind::Quasar => 1.0,
                };
                let factor = DEG2_PER_SR * contrast * dex(-kind.avoidance() * dust);
                let dimming = EXTINCTION[band] * dust;
                let candidates = factor * number_below(&cumulative, faint_limit - dimming);
                weights.push(candidates * area);
                candidates_per_sr.push(candidates);
                let kept = factor * kept(&cumulative, selection, dimming);
                expected_per_sr.push(kept);
                expected_total += kept * area;
                extinction.push(dust);
            }
        }
        let mut table = Self {
            cumulative,
            cells: Alias::new(&weights),
            extinction,
            expected_per_sr,
            expected_total,
            candidates_per_sr,
            candidates: weights.iter().sum(),
            faint_limit,
            dust_ratio: EXTINCTION[band],
            clusters: vec![],
            richness: vec![],
            richest: None,
        };
        if kind == Kind::Galaxy {
            table.add_clusters(seed, stars);
        }
        table
    }

    fn add_clusters(&mut self, seed: u64, stars: &StarTable) {
        let mut stream = Stream::new(seed, Purpose::GalaxyClusters, 0);
        for rank in 0..CLUSTERS {
            let (cell, direction) = self.draw_cell(stars, &mut stream);
            self.clusters.push(Cluster {
                center: Position::from_unit_vector(to_icrs(direction)),
                extinction_v: self.extinction[cell],
            });
            self.richness
                .push(libm::pow(real(rank + 3), RICHNESS_POWER));
        }
        let total: f64 = self.richness.iter().sum();
        self.richness.iter_mut().for_each(|share| *share /= total);
        self.richest = Some(Alias::new(&self.richness));
    }

    fn draw_cell(&self, stars: &StarTable, stream: &mut Stream) -> (usize, [f64; 3]) {
        let cell = self.cells.draw(stream);
        (
            cell,
            stars
                .cells
                .draw(cell / LONGITUDES, cell % LONGITUDES, stream),
        )
    }

    /// Draws an object that may pass the selection.
    pub(crate) fn draw(&self, stars: &StarTable, stream: &mut Stream) -> Distant {
        let (position, extinction_v) = match &self.richest {
            Some(richest) if stream.chance(CLUSTERED) => {
                let cluster = &self.clusters[richest.draw(stream)];
                (cluster.draw_position(stream), cluster.extinction_v)
            }
            _ => {
                let (cell, direction) = self.draw_cell(stars, stream);
                (
                    Position::from_unit_vector(to_icrs(direction)),
                    self.extinction[cell],
                )
            }
        };
        self.distant(position, extinction_v, stream)
    }

    /// Draws the magnitude of an object at a position.
    fn distant(&self, position: Position, extinction_v: f64, stream: &mut Stream) -> Distant {
        let limit = self.faint_limit - self.dust_ratio * extinction_v;
        let wanted = stream.uniform() * number_below(&self.cumulative, limit);
        let bin = self.cumulative[1..]
            .partition_point(|&sum| sum <= wanted)
            .min(MAG_BINS - 1);
        Distant {
            position,
            mag: FIRST_MAG + MAG_STEP * (real(bin) + stream.uniform()),
            extinction_v,
        }
    }

    /// Objects per steradian of a cell that may pass the selection, those of clusters left out.
    pub(crate) fn smooth_candidates_per_sr(&self, band: usize, longitude: usize) -> f64 {
        let all = self.candidates_per_sr[band * LONGITUDES + longitude];
        if self.clusters.is_empty() {
            all
        } else {
            (1.0 - CLUSTERED) * all
        }
    }

    /// Draws an object of a cell that may pass the selection, at a position of that cell.
    pub(crate) fn draw_in(
        &self,
        (band, longitude): (usize, usize),
        position: Position,
        stream: &mut Stream,
    ) -> Distant {
        let extinction_v = self.extinction[band * LONGITUDES + longitude];
        self.distant(position, extinction_v, stream)
    }

    /// Number of a cluster's members that may pass the selection.
    pub(crate) fn cluster_candidates(&self, cluster: usize) -> f64 {
        self.candidates * CLUSTERED * self.richness[cluster]
    }

    /// Draws a member of a cluster that may pass the selection.
    pub(crate) fn draw_member(&self, cluster: usize, stream: &mut Stream) -> Distant {
        let cluster = &self.clusters[cluster];
        let position = cluster.draw_position(stream);
        self.distant(position, cluster.extinction_v, stream)
    }

    /// Number on the sky.
    pub(crate) fn expected_total(&self) -> f64 {
        self.expected_total
    }

    /// Share per steradian in a direction (ICRS), clusters left out of the smooth part.
    pub(crate) fn smooth_share_per_sr(&self, stars: &StarTable, direction: [f64; 3]) -> f64 {
        let (band, longitude) = stars.cells.locate(to_galactic(direction));
        let smooth = if self.clusters.is_empty() {
            1.0
        } else {
            1.0 - CLUSTERED
        };
        smooth * self.expected_per_sr[band * LONGITUDES + longitude] / self.expected_total
    }

    /// Clusters as (centre, radius in degrees, share of all objects).
    pub(crate) fn clusters(&self) -> impl Iterator<Item = (Position, f64, f64)> {
        let shares = self.clusters.iter().zip(&self.richness);
        shares.map(|(c, richness)| (c.center, CLUSTER_RADIUS_DEG, CLUSTERED * richness))
    }
}

/// Share of a cluster's members within a fraction of its radius.
pub(crate) fn cluster_share_within(fraction: f64) -> f64 {
    libm::pow(fraction.clamp(0.0, 1.0), 0.6)
}

fn bin_middle(bin: usize) -> f64 {
    FIRST_MAG + MAG_STEP * (real(bin) + 0.5)
}

/// Cumulative counts at a magnitude, counted in whole bins.
fn number_below(cumulative: &[f64], mag: f64) -> f64 {
    cumulative[index_of((mag - FIRST_MAG) / MAG_STEP).clamp(1, MAG_BINS)]
}

fn kept(cumulative: &[f64], selection: &Selection, dimming: f64) -> f64 {
    let kept = |i: usize| {
        let beyond = bin_middle(i) + dimming - selection.limit();
        (cumulative[i + 1] - cumulative[i]) * selection.mean_completeness(beyond, MAG_STEP)
    };
    (0..MAG_BINS).map(kept).sum()
}

/// Redshift of a galaxy of apparent i: z^2 exp(-z/z0) (LSST Science Book; floor for bright ones).
pub(crate) fn galaxy_redshift(i_mag: f64, stream: &mut Stream) -> f64 {
    let bright = 0.033 * dex(0.2 * (i_mag - 17.8));
    let z0 = (0.0417 * i_mag - 0.744).max(bright.min(0.1)).max(0.002);
    -z0 * libm::log(stream.uniform() * stream.uniform() * stream.uniform())
}

/// Redshift of a quasar: 30 below 1, 99 to 2.15, 47 beyond, of 176 (Palanque-Delabrouille 2013).
pub(crate) fn quasar_redshift(stream: &mut Stream) -> f64 {
    const SHARES: [(f64, f64); 5] = [
        (0.0, 0.15),
        (30.0 / 176.0, 1.0),
        (129.0 / 176.0, 2.15),
        (0.975, 3.5),
        (1.0, 5.5),
    ];
    interpolate(&SHARES, stream.uniform())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_meet_their_anchors() {
        let number = |kind: Kind, limit: f64| -> f64 {
            (0..MAG_BINS)
                .map(bin_middle)
                .filter(|&m| m < limit)
                .map(|m| kind.differential(m) * MAG_STEP)
                .sum()
        };
        let galaxies = number(Kind::Galaxy, 17.75);
        assert!((galaxies / 90.0 - 1.0).abs() < 0.05, "{galaxies}");
        let quasars = number(Kind::Quasar, 22.5);
        assert!((quasars / 176.0 - 1.0).abs() < 0.05, "{quasars}");
    }
}
