using System.Text;

namespace Parcae.Liveput.Profiles;

/// <summary>The published JSON Schema (draft 2020-12) of profiles, for editors and other tools.</summary>
/// <remarks>
/// It cannot say everything: what two members must be to each other (depths and layers, measured depths and modelBuildMs, a strategy twice, the order of steps) only <see cref="ProfileFile"/> checks.
/// </remarks>
public static class ProfileSchema
{
    /// <summary>What names the schema, the value of <c>$schema</c> in a profile.</summary>
    public const string Id = "urn:parcae:profile:1";

    private const string Resource = "schema.profile.json";

    /// <summary>The schema's JSON.</summary>
    public static string Text { get; } = Encoding.UTF8.GetString(EmbeddedFile.Read(Resource));
}
