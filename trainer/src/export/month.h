/* What the model remembers from month to month. */
struct amlstm_state {
    struct amlstm_memory network[AMLSTM_NETWORKS];
    float network_total_mm;
#if AMLSTM_CHANGES
    float level_m[AMLSTM_INPUTS]; /* of the last month, NAN where there was none */
#endif
#if AMLSTM_PHYSICS
    struct amlstm_beds beds[AMLSTM_INPUTS];
    int32_t months;   /* since every aquifer layer has been measured, -1 before */
    int32_t calendar; /* calendar month of the last step, 0 for January */
    float physics_total_mm;
#endif
};

/* A month. Subsidence in mm, down positive; totals are cumulative since the first observation, or since amlstm_cold. */
struct amlstm_month {
    float increment_mm; /* by the estimate to be trusted: AMLSTM_PRIMARY */
    float total_mm;
    float network_mm; /* the mean of all networks */
    float network_total_mm;
    float share[AMLSTM_INPUTS]; /* attention, 0 to 1; 0 in a plain LSTM */
    int has_physics;            /* 0 without physics, and until every aquifer layer has been measured; the next three are then 0 */
    float physics_mm;
    float physics_total_mm;
    float layer_mm[AMLSTM_INPUTS]; /* what each aquifer layer adds to physics_mm */
};

/* Input k, standardised and held within its range. */
static inline float amlstm_standardised(int k, float value_m)
{
    const float x = (value_m - amlstm_offset_m[k]) / amlstm_scale_m[k];
    return x < -1e6f ? -1e6f : x > 1e6f ? 1e6f : x;
}

/* What the networks see: levels and, with AMLSTM_CHANGES, after them their changes since the month before. */
static inline struct amlstm_inputs amlstm_see(struct amlstm_state *state, const float level_m[AMLSTM_INPUTS])
{
    struct amlstm_inputs inputs;
    for (int k = 0; k < AMLSTM_INPUTS; k++) {
        inputs.present[k] = isfinite(level_m[k]) != 0;
        inputs.x[k] = inputs.present[k] ? amlstm_standardised(k, level_m[k]) : 0.0f;
    }
#if AMLSTM_CHANGES
    for (int k = 0; k < AMLSTM_INPUTS; k++) {
        const int change = AMLSTM_INPUTS + k;
        inputs.present[change] = inputs.present[k] && isfinite(state->level_m[k]);
        inputs.x[change] = inputs.present[change] ? amlstm_standardised(change, level_m[k] - state->level_m[k]) : 0.0f;
        state->level_m[k] = inputs.present[k] ? level_m[k] : NAN;
    }
#else
    (void)state;
#endif
    return inputs;
}

/* The increment of the month in mm, the mean of all networks; adds the mean share of each aquifer layer, that of its level and of its change. */
static inline float amlstm_networks_mm(struct amlstm_state *state, const float level_m[AMLSTM_INPUTS], float *share)
{
    const struct amlstm_inputs inputs = amlstm_see(state, level_m);
    float sum_mm = -0.0f; /* to which any number can be added without a change of its bits */
    for (int network = 0; network < AMLSTM_NETWORKS; network++) {
        float beta[AMLSTM_SEEN];
        const float y = amlstm_advance(&amlstm_networks[network], &state->network[network], &inputs, beta);
        sum_mm += y * AMLSTM_TARGET_SCALE_MM + AMLSTM_TARGET_OFFSET_MM;
        for (int k = 0; k < AMLSTM_INPUTS; k++) {
#if AMLSTM_CHANGES
            beta[k] += beta[AMLSTM_INPUTS + k];
            beta[k] = beta[k] > 1.0f ? 1.0f : beta[k];
#endif
            share[k] += beta[k];
        }
    }
    for (int k = 0; k < AMLSTM_INPUTS; k++) {
        share[k] /= AMLSTM_NETWORKS;
    }
    return sum_mm / AMLSTM_NETWORKS;
}

/* One month with the mean level of each aquifer layer in m above the well's datum; NAN where there is none. Call it for every
 * month, one without levels too. */
static inline struct amlstm_month amlstm_step(struct amlstm_state *state, const float level_m[AMLSTM_INPUTS])
{
    struct amlstm_month month;
    memset(&month, 0, sizeof month);
    month.network_mm = amlstm_networks_mm(state, level_m, month.share);
    state->network_total_mm += month.network_mm;
    month.network_total_mm = state->network_total_mm;
    month.increment_mm = month.network_mm;
    month.total_mm = month.network_total_mm;
#if AMLSTM_PHYSICS
    state->calendar = (state->calendar + 1) % 12;
    month.has_physics = amlstm_physics(state->beds, &state->months, state->calendar, level_m, &month.physics_mm, month.layer_mm);
    if (month.has_physics) {
        state->physics_total_mm += month.physics_mm;
        month.physics_total_mm = state->physics_total_mm;
        if (AMLSTM_PRIMARY == AMLSTM_BY_PHYSICS) {
            month.increment_mm = month.physics_mm;
            month.total_mm = month.physics_total_mm;
        }
    }
#endif
    return month;
}

/* An empty state: no subsidence, no layer measured yet; the next month is that after AMLSTM_START. The first year or more is then less
 * reliable. */
static inline void amlstm_cold(struct amlstm_state *state)
{
    memset(state, 0, sizeof *state);
#if AMLSTM_CHANGES
    for (int k = 0; k < AMLSTM_INPUTS; k++) {
        state->level_m[k] = NAN;
    }
#endif
#if AMLSTM_PHYSICS
    state->months = -1;
    state->calendar = AMLSTM_START_CALENDAR;
#endif
}

/* The state at the end of AMLSTM_START: go on with the month after it. */
static inline void amlstm_start(struct amlstm_state *state)
{
    amlstm_cold(state);
    memcpy(state->network, amlstm_start_memory, sizeof state->network);
    state->network_total_mm = AMLSTM_START_NETWORK_MM;
#if AMLSTM_CHANGES
    memcpy(state->level_m, amlstm_start_level_m, sizeof state->level_m);
#endif
#if AMLSTM_PHYSICS
    memcpy(state->beds, amlstm_start_beds, sizeof state->beds);
    state->months = AMLSTM_START_MONTHS;
    state->physics_total_mm = AMLSTM_START_PHYSICS_MM;
#endif
}

/* Steps through the golden months: 0 if every bit is that of the program that wrote this file, else the first month that differs, from 1. */
static inline int amlstm_check(void)
{
    struct amlstm_state state;
    int i;
    amlstm_start(&state);
    for (i = 0; i < AMLSTM_GOLDEN_MONTHS; i++) {
        const struct amlstm_month month = amlstm_step(&state, amlstm_golden_level_m[i]);
        const float found[4] = {month.network_mm, month.network_total_mm, month.physics_mm, month.physics_total_mm};
        if (memcmp(found, amlstm_golden_bits[i], sizeof found) != 0) {
            return i + 1;
        }
    }
    return 0;
}
