using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s.Models;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Charts;

/// <summary>Kubernetes' own types, as its client library has them: a field that they do not have, or of another type, is an error.</summary>
internal static class KubernetesTypes
{
    private static readonly Dictionary<string, Type> Known = new[]
    {
        typeof(V1StatefulSet), typeof(V1Deployment), typeof(V1DaemonSet), typeof(V1Service), typeof(V1ConfigMap), typeof(V1Secret), typeof(V1ServiceAccount), typeof(V1Role), typeof(V1RoleBinding), typeof(V1ClusterRole),
        typeof(V1ClusterRoleBinding), typeof(V1PodDisruptionBudget), typeof(V1NetworkPolicy),
    }.ToDictionary(t => t.Name[2..]);

    // Of the Prometheus operator, which has no types here: what the templates may use of it, by hand from its documentation.
    private static readonly Dictionary<string, string[]> Operator = new()
    {
        ["ServiceMonitor"] = ["selector", "endpoints"],
        ["PrometheusRule"] = ["groups"],
    };

    /// <summary>Fails the test unless an object is what it says it is.</summary>
    public static void AssertKnown(JsonObject made)
    {
        string kind = made.Text("kind");
        Assert.NotEmpty(made.Text("metadata.name"));
        Assert.True(made.Text("metadata.name").Length <= 63, made.Text("metadata.name"));
        if (Operator.TryGetValue(kind, out string[]? fields))
        {
            Assert.Equal("monitoring.coreos.com/v1", made.Text("apiVersion"));
            Assert.All(made.Map("spec"), f => Assert.Contains(f.Key, fields));
            return;
        }

        Assert.True(Known.TryGetValue(kind, out var type), $"{kind} is no kind that the chart has made before; name its type here.");
        var entity = (KubernetesEntityAttribute)type.GetCustomAttributes(typeof(KubernetesEntityAttribute), inherit: false).Single();
        Assert.Equal(entity.Group.Length == 0 ? entity.ApiVersion : $"{entity.Group}/{entity.ApiVersion}", made.Text("apiVersion"));
        AssertFields(made, type, kind);
    }

    // By the names that the types are serialized under: their own reader lets unknown fields pass.
    private static void AssertFields(JsonNode? node, Type type, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        switch (node)
        {
            case null:
                return;
            case JsonArray list:
                var item = type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IList<>));
                Assert.True(item is not null, $"{path} is a list; it must be {type.Name}");
                foreach (var element in list) AssertFields(element, item.GetGenericArguments()[0], $"{path}[]");
                return;
            case JsonObject map when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>):
                foreach (var (key, value) in map) AssertFields(value, type.GetGenericArguments()[1], $"{path}.{key}");
                return;
            case JsonObject map:
                var fields = type.GetProperties().Select(p => (Name: p.GetCustomAttributes(typeof(JsonPropertyNameAttribute), true).Cast<JsonPropertyNameAttribute>().FirstOrDefault()?.Name, p.PropertyType))
                    .Where(p => p.Name is not null).ToDictionary(p => p.Name!, p => p.PropertyType);
                Assert.True(fields.Count > 0, $"{path} is a map; it must be {type.Name}");
                foreach (var (key, value) in map)
                {
                    Assert.True(fields.TryGetValue(key, out var field), $"{path}.{key}: {type.Name} has no such field");
                    AssertFields(value, field, $"{path}.{key}");
                }

                return;
            default:
                var kind = node.GetValueKind();
                bool fits = type.Name is "IntOrString" or "IntstrIntOrString" or "ResourceQuantity"
                    ? kind is JsonValueKind.String or JsonValueKind.Number
                    : type == typeof(string) || type == typeof(byte[]) ? kind is JsonValueKind.String
                    : type == typeof(bool) ? kind is JsonValueKind.True or JsonValueKind.False
                    : type.IsPrimitive ? kind is JsonValueKind.Number
                    : type == typeof(object);
                Assert.True(fits, $"{path}: {node.ToJsonString()} is no {type.Name}");
                return;
        }
    }
}
