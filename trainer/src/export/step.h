/* What the model remembers from month to month. */
struct amlstm_state {
    float hidden[AMLSTM_HIDDEN];
    float cell[AMLSTM_HIDDEN];
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
    float network_mm;
    float network_total_mm;
    float share[AMLSTM_INPUTS]; /* attention, 0 to 1; 0 in a plain LSTM */
    int has_physics;            /* 0 without physics, and until every aquifer layer has been measured; the next three are then 0 */
    float physics_mm;
    float physics_total_mm;
    float layer_mm[AMLSTM_INPUTS]; /* what each aquifer layer adds to physics_mm */
};

/* tanh(x / stretch) / 2: a rational function of v, whose conversion to an integer holds it within its range. */
static inline float amlstm_half_tanh(float x, float stretch)
{
    const float scaled = x * (2147483648.0f / 7.6f / stretch);
    const float held = scaled >= 2147483648.0f  ? 2147483648.0f
                       : scaled < -2147483648.0f ? -2147483648.0f
                                                 : (float)(int32_t)scaled;
    const float v = held * (0.22830763f / 2147483648.0f);
    const float u = v * v;
    const float n = (u + 0.40538096f) * (u + 0.036402892f) * v;
    const float d = (u + 0.09950379f) * (u + 0.00891039f);
    return n * d / (d * d + n * n);
}

static inline float amlstm_tanh(float x)
{
    const float half = amlstm_half_tanh(x, 1.0f);
    return half + half;
}

static inline float amlstm_sigmoid(float x)
{
    return amlstm_half_tanh(x, 2.0f) + 0.5f;
}

/* sum + weights' [hidden; below], in this order. */
static inline float amlstm_row(float sum, const float *weights, const float *hidden, const float *below, int count)
{
    int j;
    for (j = 0; j < AMLSTM_HIDDEN; j++) {
        sum += weights[j] * hidden[j];
    }
    for (j = 0; j < count; j++) {
        sum += weights[AMLSTM_HIDDEN + j] * below[j];
    }
    return sum;
}

#if AMLSTM_ATTENTION
/* Equations (8) to (10) of Cao et al. 2022: shares of what is present of the seen; weighs x with them. */
static inline void amlstm_attend(const struct amlstm_state *state, const int *present, float *x, float *share)
{
    float largest = -INFINITY;
    float total = 0.0f;
    int unit, k;
    for (unit = 0; unit < AMLSTM_ATTENTION; unit++) {
        const float recurrent = amlstm_row(0.0f, amlstm_w[unit], state->hidden, state->cell, AMLSTM_HIDDEN);
        for (k = 0; k < AMLSTM_SEEN; k++) {
            const int column = AMLSTM_ATTENTION_COLUMNS > 1 ? k : 0;
            if (present[k]) {
                const float sum = recurrent + amlstm_b[unit][column] + amlstm_u[unit][column] * x[k];
                share[k] += amlstm_v[unit][column] * amlstm_half_tanh(sum, 1.0f); /* half of alpha */
            }
        }
    }
    for (k = 0; k < AMLSTM_SEEN; k++) {
        if (present[k] && share[k] > largest) {
            largest = share[k];
        }
    }
    for (k = 0; k < AMLSTM_SEEN; k++) {
        if (present[k]) {
            const float half = amlstm_half_tanh(largest - share[k], 1.0f);
            share[k] = (0.5f - half) / (0.5f + half); /* exp(alpha - largest) */
            total += share[k];
        }
    }
    for (k = 0; k < AMLSTM_SEEN; k++) {
        if (present[k]) {
            share[k] /= total;
        }
        x[k] = share[k] * x[k];
    }
}
#endif

/* A standardised number, held within its range. */
static inline float amlstm_held(float z)
{
    return z < -1e6f ? -1e6f : z > 1e6f ? 1e6f : z;
}

/* The network's increment of the month in mm. */
static inline float amlstm_network(struct amlstm_state *state, const float level_m[AMLSTM_INPUTS], float *share)
{
    float before[AMLSTM_HIDDEN];
    float x[AMLSTM_SEEN];
    float beta[AMLSTM_SEEN] = {0};
    int present[AMLSTM_SEEN];
#if AMLSTM_CHANGES
    float seen[AMLSTM_SEEN];
#endif
    float y = amlstm_output_bias;
    int k, unit;
    for (k = 0; k < AMLSTM_INPUTS; k++) {
        present[k] = isfinite(level_m[k]) != 0;
        x[k] = present[k] ? amlstm_held((level_m[k] - amlstm_offset_m[k]) / amlstm_scale_m[k]) : 0.0f;
#if AMLSTM_CHANGES
        {
            const int change = AMLSTM_INPUTS + k;
            present[change] = present[k] && isfinite(state->level_m[k]);
            x[change] = present[change] ? amlstm_held((level_m[k] - state->level_m[k]) / amlstm_change_scale_m[k]) : 0.0f;
            state->level_m[k] = present[k] ? level_m[k] : NAN;
        }
#endif
    }
#if AMLSTM_CHANGES
    memcpy(seen, x, sizeof seen);
#endif
#if AMLSTM_ATTENTION
    amlstm_attend(state, present, x, beta);
#endif
    for (k = 0; k < AMLSTM_INPUTS; k++) {
        share[k] = beta[k];
#if AMLSTM_CHANGES
        share[k] += beta[AMLSTM_INPUTS + k];
        share[k] = share[k] > 1.0f ? 1.0f : share[k];
#endif
    }
    memcpy(before, state->hidden, sizeof before);
    for (unit = 0; unit < AMLSTM_HIDDEN; unit++) { /* equations (2) to (7), gates f, i, candidate, o */
        float sum[4];
        int gate;
        for (gate = 0; gate < 4; gate++) {
            sum[gate] = amlstm_row(amlstm_gate_bias[gate][unit], amlstm_gate[gate][unit], before, x, AMLSTM_SEEN);
        }
        state->cell[unit] = amlstm_sigmoid(sum[0]) * state->cell[unit];
        state->cell[unit] += amlstm_sigmoid(sum[1]) * amlstm_tanh(sum[2]);
        state->hidden[unit] = amlstm_sigmoid(sum[3]) * amlstm_tanh(state->cell[unit]);
        y += amlstm_output[unit] * state->hidden[unit];
    }
#if AMLSTM_CHANGES
    for (k = 0; k < AMLSTM_SEEN; k++) {
        y += amlstm_skip[k] * seen[k];
    }
#endif
    return y * AMLSTM_TARGET_SCALE_MM + AMLSTM_TARGET_OFFSET_MM;
}

/* One month with the mean level of each aquifer layer in m above the well's datum; NAN where there is none. Call it for every
 * month, one without levels too. */
static inline struct amlstm_month amlstm_step(struct amlstm_state *state, const float level_m[AMLSTM_INPUTS])
{
    struct amlstm_month month;
    memset(&month, 0, sizeof month);
    month.network_mm = amlstm_network(state, level_m, month.share);
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
    {
        int k;
        for (k = 0; k < AMLSTM_INPUTS; k++) {
            state->level_m[k] = NAN;
        }
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
    memcpy(state->hidden, amlstm_start_hidden, sizeof state->hidden);
    memcpy(state->cell, amlstm_start_cell, sizeof state->cell);
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

#endif
