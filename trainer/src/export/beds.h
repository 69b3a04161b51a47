/* One aquifer layer: its beds, and in cell_m and cell_lowest_m the four cells of its four delay beds. Levels relative to reference_m. */
struct amlstm_beds {
    int32_t has_begun;
    float reference_m;
    float level_m;
    float lowest_m;
    float cell_m[4][4];
    float cell_lowest_m[4][4];
};

/* exp(x) for x of 0 or less, as in FreeBSD's msun (e_expf.c, Copyright (C) 1993 by Sun Microsystems, Inc., Developed at SunPro, a
 * Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely granted, provided that
 * this notice is preserved): no two C libraries agree on its last bit. */
static inline float amlstm_exp(float x)
{
    float hi = x, lo = 0.0f, xx, c, y, power;
    uint32_t bits;
    int k = 0;
    if (x <= -103.972084f) {
        return 0.0f;
    }
    if (x >= -1.220703125e-4f) {
        return 1.0f + x;
    }
    if (x < -0.34657360f) {
        k = x < -1.0397208f ? (int)(1.4426950216f * x - 0.5f) : -1;
        hi = x - (float)k * 6.9314575195e-1f;
        lo = (float)k * 1.4286067653e-6f;
        x = hi - lo;
    }
    xx = x * x;
    c = x - xx * (1.6666625440e-1f + xx * -2.7667332906e-3f);
    y = 1.0f + (x * c / (2.0f - c) - lo + hi);
    if (k < -126) { /* in two steps, of which the second alone rounds */
        y *= 1.9721522630525295e-31f;
        k += 102;
    }
    bits = (uint32_t)(k + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

/* Storage of a delay bed per metre: 1 below the lowest level so far, a twentieth above it. */
static inline float amlstm_storage(int virgin)
{
    return virgin ? 1.0f : 1.0f / 20.0f;
}

/* Levels of the four cells at the end of the month, where those of `virgin` fall below their lowest: Thomas' algorithm. */
static inline void amlstm_solve(const float *cell_m, const float *lowest_m, const int *virgin, float between, float top_m, float *after_m)
{
    float ratios[4];
    float ratio = 0.0f, level_m = 0.0f;
    int i;
    for (i = 0; i < 4; i++) {
        const float stored = amlstm_storage(virgin[i]);
        float known = 0.25f * (stored * lowest_m[i] + amlstm_storage(0) * (cell_m[i] - lowest_m[i]));
        float diagonal = 0.25f * stored;
        float pivot;
        if (i == 0) {
            diagonal = diagonal + 2.0f * between;
            known = known + 2.0f * between * top_m;
        } else {
            diagonal = diagonal + between;
        }
        if (i < 3) {
            diagonal = diagonal + between;
        }
        pivot = 1.0f / (diagonal - between * ratio);
        ratio = between * pivot;
        level_m = (known + between * level_m) * pivot;
        ratios[i] = ratio;
        after_m[i] = level_m;
    }
    for (i = 2; i >= 0; i--) {
        after_m[i] = after_m[i] + ratios[i] * after_m[i + 1];
    }
}

/* Compaction of a delay bed during a month that ends under `top_m`, in m of head. */
static inline float amlstm_bed(float *cell_m, float *lowest_m, float tau_years, float top_m)
{
    const float between = 1.0f / (12.0f * tau_years) / 0.25f;
    float after_m[4];
    int virgin[4];
    float compaction_m = 0.0f;
    int i, pass, settled = 0;
    for (i = 0; i < 4; i++) {
        virgin[i] = cell_m[i] <= lowest_m[i];
    }
    amlstm_solve(cell_m, lowest_m, virgin, between, top_m, after_m);
    for (pass = 1; pass < 12 && !settled; pass++) {
        settled = 1;
        for (i = 0; i < 4; i++) {
            const int is_virgin = after_m[i] < lowest_m[i];
            settled = settled && is_virgin == virgin[i];
            virgin[i] = is_virgin;
        }
        if (!settled) {
            amlstm_solve(cell_m, lowest_m, virgin, between, top_m, after_m);
        }
    }
    for (i = 0; i < 4; i++) {
        const float storage = amlstm_storage(after_m[i] < lowest_m[i]);
        const float strain = storage * (lowest_m[i] - after_m[i]) + amlstm_storage(0) * (cell_m[i] - lowest_m[i]);
        compaction_m = compaction_m + 0.25f * strain;
        cell_m[i] = after_m[i];
        if (after_m[i] < lowest_m[i]) {
            lowest_m[i] = after_m[i];
        }
    }
    return compaction_m;
}

/* What stands in for the level of layer k in a calendar month, 0 for January: NAN where it follows no other layer, or one without a level. */
static inline float amlstm_stand_in(int k, int calendar, const float *level_m)
{
    float sum = amlstm_month_m[k][calendar];
    int follows = 0, j;
    for (j = 0; j < AMLSTM_INPUTS; j++) {
        if (amlstm_per_m[k][j] != 0.0f) {
            sum += amlstm_per_m[k][j] * (isfinite(level_m[j]) ? level_m[j] : NAN);
            follows = 1;
        }
    }
    return follows ? sum : NAN;
}

static inline float amlstm_relative(float level_m, const struct amlstm_beds *beds)
{
    const float relative_m = level_m - beds->reference_m;
    return relative_m < -1e4f ? -1e4f : relative_m > 1e4f ? 1e4f : relative_m;
}

/* What an aquifer layer adds in mm; without a level, one stands in that makes no new low, or that of the month before is held. */
static inline float amlstm_layer(struct amlstm_beds *beds, const float *weights, float level_m, float stand_in_m)
{
    static const float tau_years[4] = {0.25f, 1.0f, 4.0f, 12.0f};
    float column[6], sum = 0.0f, top_m = beds->level_m;
    int i;
    if (isfinite(level_m)) {
        top_m = amlstm_relative(level_m, beds);
    } else if (isfinite(stand_in_m)) {
        top_m = amlstm_relative(stand_in_m, beds);
        top_m = top_m < beds->lowest_m ? beds->lowest_m : top_m;
    }
    column[0] = beds->level_m - top_m;
    column[1] = top_m < beds->lowest_m ? beds->lowest_m - top_m : 0.0f;
    beds->level_m = top_m;
    if (top_m < beds->lowest_m) {
        beds->lowest_m = top_m;
    }
    for (i = 0; i < 4; i++) {
        column[2 + i] = amlstm_bed(beds->cell_m[i], beds->cell_lowest_m[i], tau_years[i], top_m);
    }
    for (i = 0; i < 6; i++) {
        sum = sum + weights[i] * column[i];
    }
    return sum;
}

/* A month by physics; 0 until every aquifer layer has been measured, in which month the beds are at rest. */
static inline int amlstm_physics(struct amlstm_beds *beds, int32_t *months, int calendar, const float *level_m, float *increment_mm,
                                 float *layer_mm)
{
    int k;
    for (k = 0; k < AMLSTM_INPUTS; k++) {
        if (*months < 0 && isfinite(level_m[k])) {
            memset(&beds[k], 0, sizeof beds[k]);
            beds[k].has_begun = 1;
            beds[k].reference_m = level_m[k];
        }
    }
    for (k = 0; k < AMLSTM_INPUTS; k++) {
        if (!beds[k].has_begun) {
            return 0;
        }
    }
    *months = *months < INT32_MAX ? *months + 1 : *months;
    *increment_mm = 0.0f;
    for (k = 0; k < AMLSTM_INPUTS; k++) {
        layer_mm[k] = amlstm_layer(&beds[k], amlstm_layer_weight[k], level_m[k], amlstm_stand_in(k, calendar, level_m));
        *increment_mm += layer_mm[k];
    }
    *increment_mm += amlstm_decay_weight[0] * amlstm_exp(-(float)*months / 36.0f);
    *increment_mm += amlstm_decay_weight[1] * amlstm_exp(-(float)*months / 120.0f);
    return 1;
}

