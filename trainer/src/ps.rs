//! Persistent scatterers: points file, line of sight to vertical, buffer around a well.
