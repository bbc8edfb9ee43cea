namespace Parcae.Liveput.Traces;

/// <summary>Traces that come with the product.</summary>
public static class BuiltInTraces
{
    private const string Aws = "aws-p3";

    private static readonly Lazy<AvailabilityTrace> AwsP3 = new(() => Load(Aws));

    /// <summary>Every name that <see cref="Get"/> knows, whole traces first: <c>aws-p3</c>, <c>aws-p3:HADP</c> and so on.</summary>
    public static IReadOnlyList<string> Names => [Aws, .. AwsP3.Value.Segments.Keys.Select(s => $"{Aws}:{s}")];

    /// <summary>A built-in trace or a segment of one.</summary>
    /// <param name="name"><c>aws-p3</c>, <c>aws-p3:LADP</c> or just <c>LADP</c>; any case.</param>
    /// <exception cref="ArgumentException">There is none of that name; the message lists those that there are.</exception>
    public static AvailabilityTrace Get(string name) =>
        TryGet(name) ?? throw new ArgumentException($"There is no built-in trace '{name}'; there are {string.Join(", ", Names)}.", nameof(name));

    /// <summary>A built-in trace or a segment of one, or null when there is none of that name.</summary>
    public static AvailabilityTrace? TryGet(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var trace = AwsP3.Value;
        string segment = name.StartsWith(Aws + ":", StringComparison.OrdinalIgnoreCase) ? name[(Aws.Length + 1)..] : name;
        if (string.Equals(name, Aws, StringComparison.OrdinalIgnoreCase)) return trace;
        return trace.Segments.ContainsKey(segment) ? trace.Segment(segment) : null;
    }

    private static AvailabilityTrace Load(string name)
    {
        string resource = $"{name}.json";
        return TraceFile.Parse(resource, EmbeddedFile.Read(resource));
    }
}
