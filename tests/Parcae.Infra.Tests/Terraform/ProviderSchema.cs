using System.Text.Json.Nodes;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Terraform;

/// <summary>
/// What a provider of Terraform's knows of the resources that are used here, recorded from its published documentation of types: an attribute has a type and is required, optional or computed; a block has attributes and blocks,
/// and how many there may be (0: any number).
/// </summary>
internal static class ProviderSchema
{
    /// <summary>The providers, by name.</summary>
    public static IReadOnlyDictionary<string, JsonObject> All { get; } = new Dictionary<string, JsonObject>
    {
        ["aws"] = Read("aws-provider-5.99.1.json"),
        ["random"] = Read("random-provider-3.json"),
    };

    /// <summary>The schema of a block of type resource or data.</summary>
    public static JsonNode Of(HclBlock block) =>
        All[block.Labels[0].Split('_')[0]].At($"{block.Type}.{block.Labels[0]}") ?? throw new KeyNotFoundException($"{block.Where}: the recorded schema does not have {block.Type} {block.Labels[0]}.");

    private static JsonObject Read(string file) => JsonNode.Parse(Repository.Read($"tests/Parcae.Infra.Tests/Terraform/{file}"))!.AsObject();
}
