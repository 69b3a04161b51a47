//! Positions and distances, geodesic or planar.
