using System.Reflection;
using System.Text;

namespace Parcae.Client.Tests.Sdk;

/// <summary>An assembly's public surface as text: a line for each type and member, by name.</summary>
internal static class PublicApi
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>The text.</summary>
    public static string Of(Assembly assembly, Func<Type, bool>? which = null)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().Where(t => (which?.Invoke(t) ?? true) && !t.FullName!.StartsWith("OrleansCodeGen.", StringComparison.Ordinal)).OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(type.Namespace).Append('.').Append(Name(type)).Append(Bases(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal)) text.Append("    ").Append(member).Append('\n');
        }

        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum) return Enum.GetNames(type).Select(n => $"{n} = {Convert.ToInt64(Enum.Parse(type, n))}");
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        // A record class can be cloned; a record struct has the method that prints its members.
        bool record = type.GetMethod("<Clone>$") is not null || type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance) is not null;
        return
        [
            .. type.GetConstructors(Own).Select(c => $"{type.Name.Split('`')[0]}({Parameters(c)})"),
            .. type.GetFields(Own).Select(f => $"{(f.IsLiteral ? $"const {Name(f.FieldType)} {f.Name} = {f.GetRawConstantValue()}" : $"{(f.IsStatic ? "static " : "")}{Name(f.FieldType)} {f.Name}")}"),
            .. type.GetProperties(Own).Where(p => p.Name != "EqualityContract").Select(Property),
            .. type.GetEvents(Own).Select(e => $"event {Name(e.EventHandlerType!)} {e.Name}"),
            .. type.GetMethods(Own).Where(m => !m.IsSpecialName && !(record && OfRecords(m))).Select(Method),
        ];
    }

    /// <summary>What every record has.</summary>
    private static bool OfRecords(MethodInfo m) => m.Name is "<Clone>$" or "Equals" or "GetHashCode" or "Deconstruct" or "PrintMembers" || (m.Name == "ToString" && m.GetParameters().Length == 0);

    private static string Property(PropertyInfo p)
    {
        bool isStatic = (p.GetMethod ?? p.SetMethod)!.IsStatic;
        string set = p.SetMethod is not { IsPublic: true } setter ? "" : setter.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? " init;" : " set;";
        bool required = p.CustomAttributes.Any(a => a.AttributeType.Name == "RequiredMemberAttribute");
        return $"{(isStatic ? "static " : "")}{(required ? "required " : "")}{Name(p.PropertyType, Nullability.Create(p))} {p.Name} {{ get;{set} }}";
    }

    private static string Method(MethodInfo m)
    {
        string generic = m.IsGenericMethod ? $"<{string.Join(", ", m.GetGenericArguments().Select(a => a.Name))}>" : "";
        return $"{(m.IsStatic ? "static " : "")}{Name(m.ReturnType, Nullability.Create(m.ReturnParameter))} {m.Name}{generic}({Parameters(m)})";
    }

    private static string Parameters(MethodBase method)
    {
        bool extension = method.CustomAttributes.Any(a => a.AttributeType.Name == "ExtensionAttribute");
        return string.Join(", ", method.GetParameters().Select((p, i) =>
            $"{(extension && i == 0 ? "this " : "")}{(p.CustomAttributes.Any(a => a.AttributeType.Name == "ParamArrayAttribute") ? "params " : "")}{Name(p.ParameterType, Nullability.Create(p))} {p.Name}{(p.HasDefaultValue ? $" = {Default(p)}" : "")}"));
    }

    private static string Default(ParameterInfo p) => p.DefaultValue switch
    {
        null => p.ParameterType.IsValueType && Nullable.GetUnderlyingType(p.ParameterType) is null ? "default" : "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        var other => $"{other}",
    };

    private static string Kind(Type t) => t.IsEnum ? "enum" : t.IsInterface ? "interface" : t.IsValueType ? "struct" : t.IsAbstract && t.IsSealed ? "static class" : t.IsSealed ? "sealed class" : t.IsAbstract ? "abstract class" : "class";

    private static string Bases(Type t)
    {
        if (t.IsEnum || (t.IsAbstract && t.IsSealed)) return "";
        var bases = t.GetInterfaces().Where(i => i.IsPublic && i.Name != "IEquatable`1" && i != typeof(System.Runtime.Serialization.ISerializable)).Select(i => Name(i)).Order(StringComparer.Ordinal).ToList();
        if (t.BaseType is { } above && above != typeof(object) && above != typeof(ValueType)) bases.Insert(0, Name(above));
        return bases.Count > 0 ? $" : {string.Join(", ", bases)}" : "";
    }

    private static string Name(Type type, NullabilityInfo? info = null)
    {
        string mark = info is { ReadState: NullabilityState.Nullable } && !type.IsValueType ? "?" : "";
        if (type.IsArray) return $"{Name(type.GetElementType()!, info?.ElementType)}[]{mark}";
        if (Nullable.GetUnderlyingType(type) is { } value) return $"{Name(value)}?";
        if (!type.IsGenericType) return type.FullName switch
        {
            "System.String" => "string",
            "System.Boolean" => "bool",
            "System.Int32" => "int",
            "System.Int64" => "long",
            "System.Double" => "double",
            "System.Object" => "object",
            "System.Void" => "void",
            "System.Byte" => "byte",
            "System.UInt64" => "ulong",
            _ => type.Name,
        } + mark;
        var arguments = type.GetGenericArguments();
        return $"{type.Name.Split('`')[0]}<{string.Join(", ", arguments.Select((a, i) => Name(a, info?.GenericTypeArguments.Length == arguments.Length ? info.GenericTypeArguments[i] : null)))}>{mark}";
    }
}
