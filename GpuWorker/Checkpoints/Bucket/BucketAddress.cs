using System.Text.RegularExpressions;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>Where in an S3-compatible store checkpoints lie.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">What all keys begin with; empty, or with a slash at its end.</param>
public sealed partial record BucketAddress(string Bucket, string Prefix)
{
    /// <summary>What an address looks like, for people.</summary>
    public const string Rule = "must be s3://BUCKET or s3://BUCKET/PREFIX: a bucket has 3 to 63 lower-case letters, digits, dots and hyphens, a prefix letters, digits and ! - _ . * ' ( ) between single slashes";

    /// <summary>An address, or null where the text is none.</summary>
    public static BucketAddress? Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success) return null;
        string prefix = match.Groups["prefix"].Value;
        return new(match.Groups["bucket"].Value, prefix.Length == 0 ? "" : prefix + '/');
    }

    /// <summary>As it was given.</summary>
    public override string ToString() => $"s3://{Bucket}/{Prefix}".TrimEnd('/');

    // The characters of keys that need no care with any server.
    [GeneratedRegex(@"\As3://(?<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?<prefix>[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*))?/?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
