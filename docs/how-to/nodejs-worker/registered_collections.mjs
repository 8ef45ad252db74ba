// The collections whose items are serialised messages (COL-11), and what a scope makes of them.
import { CondContextDef, QueueRunnerDef, SaverDef, VariableDef, WhileContextDef } from "./schema.mjs";

// For each message: the names that have to lie under a scope, and the fields whose names lose it.
const VARIABLE = {
  type: VariableDef,
  inside: ["variable_name"],
  names: ["variable_name", "initial_value_name", "initializer_name", "snapshot_name"], // COL-13
};
const SAVER_NAMES = ["filename_tensor_name", "save_tensor_name", "restore_op_name"];
const SAVER = { type: SaverDef, inside: SAVER_NAMES, names: SAVER_NAMES }; // SAV-10
const QUEUE_RUNNER = {
  type: QueueRunnerDef,
  inside: ["queue_name"],
  names: ["queue_name", "enqueue_op_name", "close_op_name", "cancel_op_name"], // COL-14
};
const CONTEXT_NAMES = [
  ...["context_name", "pred_name", "pivot_name", "pivot_for_pred_name", "pivot_for_body_name"],
  ...["maximum_iterations_name", "loop_enter_names", "loop_exit_names"], // COL-15
];
const COND_CONTEXT = { type: CondContextDef, inside: ["context_name"], names: CONTEXT_NAMES };
const WHILE_CONTEXT = { type: WhileContextDef, inside: ["context_name"], names: CONTEXT_NAMES };

const REGISTERED = new Map([
  ["variables", VARIABLE],
  ["trainable_variables", VARIABLE],
  ["local_variables", VARIABLE],
  ["model_variables", VARIABLE],
  ["metric_variables", VARIABLE],
  ["moving_average_variables", VARIABLE],
  ["global_step", VARIABLE],
  ["savers", SAVER],
  ["queue_runners", QUEUE_RUNNER],
  ["cond_context", COND_CONTEXT],
  ["while_context", WHILE_CONTEXT],
]);

/** Tells whether the items of a collection are messages. */
export function isRegistered(key) {
  return REGISTERED.has(key);
}

/**
 * Returns the serialised messages of a registered collection: under a scope, those that lie in it, without the
 * scope. There are none if one of them cannot be exported (COL-08).
 */
export function exportedMessages(key, items, { scope, contract, eager }) {
  const { type, inside, names } = REGISTERED.get(key);
  const isSelected = (message) => !scope || inside.every((field) => scope.contains(message[field]));
  const selected = items.map((item) => type.decode(item)).filter(isSelected);
  if (selected.some((message) => cannotBeExported(message, scope, eager))) return [];
  if (!scope) return items;
  return selected.map((message) => {
    strip(message, names, scope, contract);
    return type.encode(message).finish();
  });
}

/** Tells whether a message is a resource variable under eager execution, or a slice of a variable outside. */
function cannotBeExported({ is_resource: isResource, save_slice_info_def: slice }, scope, eager) {
  return (eager && isResource) || (scope && slice && !scope.contains(slice.full_name));
}

/** Removes the scope from the names in a message. Its other fields stay as they are (COL-18). */
function strip(message, names, scope, contract) {
  stripFields(message, names, scope);
  if (message.save_slice_info_def) stripFields(message.save_slice_info_def, ["full_name"], scope);
  if (message.values_def) stripValues(message.values_def, scope);
  if (!contract.stripsInnerContexts) return;
  for (const { ctxt, [ctxt]: inner } of message.nested_contexts ?? []) strip(inner, names, scope, contract);
}

/** A field holds one name or a list of names. */
function stripFields(message, fields, scope) {
  for (const field of fields.filter((name) => Object.hasOwn(message, name))) {
    const value = message[field];
    message[field] = Array.isArray(value) ? value.map((name) => scope.stripped(name)) : scope.stripped(value);
  }
}

/** The values that a control-flow context uses. */
function stripValues(values, scope) {
  stripFields(values, ["values"], scope);
  const external = Object.entries(values.external_values);
  values.external_values = Object.fromEntries(external.map((pair) => pair.map((name) => scope.stripped(name))));
}
