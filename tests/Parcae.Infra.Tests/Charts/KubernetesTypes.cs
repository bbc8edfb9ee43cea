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

    // Of the Prometheus operator and cert-manager, which have no types here: what the templates may use of them, by hand from their definitions of resources. A field's own fields are looked at where one of them is named.
    private static readonly Dictionary<string, (string Version, string[] Fields)> Defined = new()
    {
        ["ServiceMonitor"] = ("monitoring.coreos.com/v1", ["selector", "endpoints"]),
        ["PrometheusRule"] = ("monitoring.coreos.com/v1", ["groups"]),
        ["Issuer"] = ("cert-manager.io/v1", ["selfSigned", "ca.secretName"]),
        ["Certificate"] = ("cert-manager.io/v1",
        [
            "commonName", "dnsNames", "duration", "isCA", "issuerRef.group", "issuerRef.kind", "issuerRef.name", "privateKey.algorithm", "privateKey.rotationPolicy", "privateKey.size", "renewBefore", "secretName", "usages",
        ]),
    };

    /// <summary>Fails the test unless an object is what it says it is.</summary>
    public static void AssertKnown(JsonObject made)
    {
        string kind = made.Text("kind");
        Assert.NotEmpty(made.Text("metadata.name"));
        Assert.True(made.Text("metadata.name").Length <= 63, made.Text("metadata.name"));
        if (Defined.TryGetValue(kind, out var defined))
        {
            Assert.Equal(defined.Version, made.Text("apiVersion"));
            Assert.All(Leaves(made.At("spec")!, defined.Fields), f => Assert.Contains(f, defined.Fields));
            return;
        }

        Assert.True(Known.TryGetValue(kind, out var type), $"{kind} is no kind that the chart has made before; name its type here.");
        var entity = (KubernetesEntityAttribute)type.GetCustomAttributes(typeof(KubernetesEntityAttribute), inherit: false).Single();
        Assert.Equal(entity.Group.Length == 0 ? entity.ApiVersion : $"{entity.Group}/{entity.ApiVersion}", made.Text("apiVersion"));
        AssertFields(made, type, kind);
    }

    private static IEnumerable<string> Leaves(JsonNode map, string[] named, string above = "") => map.AsObject().SelectMany(f =>
        !named.Contains(above + f.Key) && f.Value is JsonObject ? Leaves(f.Value, named, $"{above}{f.Key}.") : [above + f.Key]);

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
