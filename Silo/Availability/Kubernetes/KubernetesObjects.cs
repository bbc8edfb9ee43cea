using System.Text.Json.Serialization;

namespace Parcae.Silo.Availability.Kubernetes;

/// <summary>What the source reads of a pod.</summary>
/// <param name="Metadata">Who it is and whether it is being deleted.</param>
/// <param name="Spec">What was asked for.</param>
/// <param name="Status">How it is.</param>
internal sealed record Pod(ObjectMetadata? Metadata, PodSpec? Spec, PodStatus? Status);

/// <summary>What the source reads of an object's metadata.</summary>
/// <param name="DeletionTimestamp">When it will be gone (for a pod: the end of its grace period), or null: nobody deletes it.</param>
internal sealed record ObjectMetadata(DateTimeOffset? DeletionTimestamp);

/// <summary>What the source reads of a pod's spec.</summary>
/// <param name="NodeName">The node it runs on.</param>
/// <param name="TerminationGracePeriodSeconds">From SIGTERM to SIGKILL, seconds.</param>
internal sealed record PodSpec(string? NodeName, double? TerminationGracePeriodSeconds);

/// <summary>What the source reads of a pod's status.</summary>
/// <param name="Conditions">Its conditions.</param>
internal sealed record PodStatus(PodCondition[]? Conditions);

/// <summary>A pod's condition.</summary>
/// <param name="Type">Its type: <c>DisruptionTarget</c> says that the pod is about to be ended.</param>
/// <param name="Status"><c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
/// <param name="Reason">Why, in one word.</param>
/// <param name="Message">Why, for people.</param>
internal sealed record PodCondition(string? Type, string? Status, string? Reason, string? Message);

/// <summary>What the source reads of a node.</summary>
/// <param name="Spec">Its spec.</param>
internal sealed record Node(NodeSpec? Spec);

/// <summary>What the source reads of a node's spec.</summary>
/// <param name="Taints">What keeps pods away from it.</param>
internal sealed record NodeSpec(Taint[]? Taints);

/// <summary>A node's taint.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">What its maker adds, or null.</param>
internal sealed record Taint(string Key, string? Value);

/// <summary>How the objects are read.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(Node))]
internal sealed partial class KubernetesJson : JsonSerializerContext;
