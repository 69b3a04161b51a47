/* The numbers of a network; columns of a row stand in the order of the vector it is multiplied with. */
struct amlstm_network {
#if AMLSTM_ATTENTION
    float w[AMLSTM_ATTENTION][2 * AMLSTM_HIDDEN];        /* columns h, then C */
    float u[AMLSTM_ATTENTION][AMLSTM_ATTENTION_COLUMNS]; /* a column for all inputs, or one for each */
    float b[AMLSTM_ATTENTION][AMLSTM_ATTENTION_COLUMNS];
    float v[AMLSTM_ATTENTION][AMLSTM_ATTENTION_COLUMNS];
#endif
    float gate[4][AMLSTM_HIDDEN][AMLSTM_HIDDEN + AMLSTM_SEEN]; /* f, i, candidate, o; columns h, then e */
    float gate_bias[4][AMLSTM_HIDDEN];
    float output[AMLSTM_HIDDEN]; /* w_o: y = w_o' h + b_o, with AMLSTM_CHANGES + s' x */
    float output_bias;
#if AMLSTM_CHANGES
    float skip[AMLSTM_SEEN]; /* s */
#endif
};

/* What the networks see of a month: standardised numbers, 0 where not present. */
struct amlstm_inputs {
    float x[AMLSTM_SEEN];
    int present[AMLSTM_SEEN];
};

/* What a network remembers from month to month. */
struct amlstm_memory {
    float hidden[AMLSTM_HIDDEN];
    float cell[AMLSTM_HIDDEN];
};
