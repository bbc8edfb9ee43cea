using System.Text.Json;
using NJsonSchema;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Profiles;

/// <summary>The published schema and the reader agree, as far as a schema can say it.</summary>
public sealed class ProfileSchemaTests
{
    private const string Minimal = """
        {"model": "m", "globalBatch": 1, "layers": [{"parameters": 0, "forwardMs": 0}], "measured": [{"pipelines": 1, "depth": 1, "samplesPerSecond": 1}]}
        """;

    private static readonly JsonSchema Schema = JsonSchema.FromJsonAsync(ProfileSchema.Text).GetAwaiter().GetResult();

    public static TheoryData<string> Shipped => [.. BuiltInProfiles.Names];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void A_shipped_profile_is_as_the_schema_asks(string name) => Assert.Empty(Schema.Validate(ShippedText(name)));

    [Theory]
    [MemberData(nameof(Shipped))]
    public void A_shipped_profile_names_the_schema(string name)
    {
        using var json = JsonDocument.Parse(ShippedText(name));
        Assert.Equal(ProfileSchema.Id, json.RootElement.GetProperty("$schema").GetString());
    }

    [Fact]
    public void Four_members_are_enough()
    {
        Assert.Empty(Schema.Validate(Minimal));
        Assert.Equal(1, ProfileFile.Parse("p", MalformedProfiles.Bytes(Minimal)).MinInstances);
    }

    [Fact]
    public void Every_kind_of_member_may_be_there() => Assert.Empty(Schema.Validate(MalformedProfiles.Sound));

    [Theory]
    [MemberData(nameof(MalformedProfiles.InAMember), MemberType = typeof(MalformedProfiles))]
    public void What_is_wrong_in_a_member_the_schema_refuses_too(string part, string other, string message) =>
        Assert.True(Schema.Validate(MalformedProfiles.With(part, other)).Count > 0, message);

    [Fact]
    public void Null_of_an_optional_member_is_as_the_schema_asks()
    {
        using var schema = JsonDocument.Parse(ProfileSchema.Text);
        string[] required = ["model", "globalBatch", "layers", "measured"];
        foreach (var member in schema.RootElement.GetProperty("properties").EnumerateObject())
        {
            if (required.Contains(member.Name)) continue;
            string text = $"{{\"{member.Name}\": null, {Minimal[1..]}";
            Assert.Empty(Schema.Validate(text));
            Assert.Equal("m", ProfileFile.Parse("p", MalformedProfiles.Bytes(text)).Model);
        }
    }

    [Fact]
    public void Every_member_is_described_and_every_number_has_a_range()
    {
        using var schema = JsonDocument.Parse(ProfileSchema.Text);
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema.RootElement.GetProperty("$schema").GetString());
        Assert.Equal(ProfileSchema.Id, schema.RootElement.GetProperty("$id").GetString());
        int described = 0;
        Walk(schema.RootElement);
        Assert.InRange(described, 40, 100);

        void Walk(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in element.EnumerateArray()) Walk(item);
            }

            if (element.ValueKind != JsonValueKind.Object) return;
            foreach (var member in element.EnumerateObject())
            {
                if (member.Name is "properties" or "patternProperties")
                {
                    foreach (var property in member.Value.EnumerateObject())
                    {
                        described++;
                        Assert.True(property.Value.TryGetProperty("description", out _), property.Name);
                        if (property.Value.TryGetProperty("type", out var type) && type.ToString().Contains("number", StringComparison.Ordinal))
                        {
                            Assert.True(property.Value.TryGetProperty("maximum", out _), property.Name);
                            Assert.True(property.Value.TryGetProperty("minimum", out _) || property.Value.TryGetProperty("exclusiveMinimum", out _), property.Name);
                        }
                    }
                }

                Walk(member.Value);
            }
        }
    }

    internal static string ShippedText(string name)
    {
        using var stream = typeof(BuiltInProfiles).Assembly.GetManifestResourceStream($"profile.{name}.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
