"""The names of the standard collections."""


class GraphKeys:
    """Names of the standard collections, as `tf.compat.v1.GraphKeys` has them."""

    GLOBAL_VARIABLES = "variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    MODEL_VARIABLES = "model_variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    GLOBAL_STEP = "global_step"
    SAVERS = "savers"
    QUEUE_RUNNERS = "queue_runners"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    TRAIN_OP = "train_op"
    SUMMARIES = "summaries"
    LOSSES = "losses"
    UPDATE_OPS = "update_ops"
    INIT_OP = "init_op"
    UNBOUND_INPUTS = "unbound_inputs"
