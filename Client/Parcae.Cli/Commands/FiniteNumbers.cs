using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parcae.Cli.Commands;

/// <summary>JSON has no numbers that are not finite: the loss of a step that went wrong is null.</summary>
internal sealed class FiniteNumbers : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value)) writer.WriteNumberValue(value);
        else writer.WriteNullValue();
    }
}
